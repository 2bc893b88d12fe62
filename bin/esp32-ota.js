#!/usr/bin/env node
// The command line, as npm starts it. It is always there, so that npm can link to it before the checkout is built.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const main = join(__dirname, '../dist/cli.js');
if (existsSync(main)) {
  require(main);
} else {
  process.stderr.write('esp32-ota is not built yet: run "npm ci" and "npm run build" in its folder.\n');
  process.exitCode = 4;
}

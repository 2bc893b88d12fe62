import { say, seconds, explain } from './lib/terminal.mjs';
import { packageExtension } from './lib/vsix.mjs';

// Makes esp32-ota-<version>.vsix of the checkout.
const started = performance.now();
try {
  const { file, bytes } = await packageExtension();
  say(`✓ packaged ${file}, ${(bytes / 1024).toFixed(0)} KB, in ${seconds(performance.now() - started)}`);
} catch (error) {
  say(explain(error));
  process.exitCode = 1;
}

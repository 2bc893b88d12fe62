import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { run } from './lib/processes.mjs';
import { channelOf, notesOf, releaseProblems } from './lib/release-check.mjs';
import { ROOT, inRoot, readJson } from './lib/repository.mjs';
import { PlainError, explain, say } from './lib/terminal.mjs';

const HELP = `npm run release-check -- [options]

Says what still stands in the way of a release of the version in package.json: docs/release.md. Exit code 1 if anything does.

  --tag NAME     the tag that it is released under: v and the version
  --notes FILE   writes the section of the version in CHANGELOG.md there
  --help         this text`;

/** @param {string[]} args */
async function git(args) {
  const { code, stdout } = await run('git', args, { cwd: ROOT });
  return code === 0 ? stdout : '';
}

try {
  const { values } = parseArgs({
    options: { tag: { type: 'string' }, notes: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    say(HELP);
    process.exit(0);
  }
  const manifest = readJson(inRoot('package.json'));
  const changelog = readFileSync(inRoot('CHANGELOG.md'), 'utf8');
  const problems = releaseProblems({
    manifest,
    changelog,
    tag: values.tag,
    uncommitted: await git(['status', '--porcelain']),
  });
  if (problems.length > 0) throw new PlainError(problems.map((one) => `✗ ${one}`).join('\n'));
  const channel = channelOf(manifest.version);
  if (values.notes !== undefined) {
    writeFileSync(path.resolve(ROOT, values.notes), `${notesOf(changelog, manifest.version) ?? ''}\n`);
  }
  const outputs = process.env['GITHUB_OUTPUT'];
  if (outputs !== undefined) appendFileSync(outputs, `channel=${channel}\n`);
  say(`✓ ${manifest.name} ${manifest.version} can be released, ${channel}`);
} catch (error) {
  say(explain(error));
  process.exitCode = 1;
}

import { basename, dirname, join } from 'node:path';
import type { DoctorFacts, PrivateKeyFile } from '../facts.ts';
import { finding, type Finding, type Fix } from '../finding.ts';

/** Private keys in the workspace: whoever has one can pass for the server, or sign firmware. */
export function privateKeyFindings(facts: DoctorFacts): readonly Finding[] {
  return facts.privateKeys.map((key) => {
    const isTracked = key.isTracked === true;
    const at = { path: key.path, range: { line: 1, column: 1, endColumn: 1 } };
    const fixes = isTracked || key.isIgnored === true ? [] : ignoreFix(facts, key);
    return finding(
      'certificate-private-key',
      { file: basename(key.path), isTracked },
      {
        at,
        // ignored and untracked it is at least not given away by a push
        severity: isTracked ? 'error' : key.isIgnored === true ? 'information' : 'warning',
        fixes,
      },
    );
  });
}

/** Names the key in the .gitignore beside it. */
function ignoreFix({ text }: DoctorFacts, { path }: PrivateKeyFile): readonly Fix[] {
  const ignore = join(dirname(path), '.gitignore');
  const before = text(ignore);
  const line = `/${basename(path)}`;
  if (before === undefined) {
    return [{ kind: 'writeFile', id: 'ignoreKey', path: ignore, content: `${line}\n`, needs: [] }];
  }
  const lines = before.split('\n');
  const last = lines.at(-1) ?? '';
  const place = { line: lines.length, column: last.length + 1, endLine: lines.length, endColumn: last.length + 1 };
  const added = `${last === '' ? '' : '\n'}${line}\n`;
  return [{ kind: 'editFile', id: 'ignoreKey', path: ignore, edits: [{ ...place, text: added }], needs: [] }];
}

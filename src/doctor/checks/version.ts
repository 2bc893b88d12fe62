import { basename } from 'node:path';
import compare from 'semver/functions/compare.js';
import parse from 'semver/functions/parse.js';
import type { Problem } from '../../idf/problem.ts';
import type { DoctorFacts } from '../facts.ts';
import { finding, type Finding, type FindingPlace, type Fix } from '../finding.ts';
import { linePlace } from '../places.ts';
import { problemDetails, problemPlace } from '../problem-place.ts';

const BUILD: Fix = { kind: 'command', id: 'build', command: 'buildFirmware', needs: [] };
const BUMP: Fix = { kind: 'command', id: 'bumpVersion', command: 'bumpVersion', needs: ['rebuild'] };

/** Codes that become findings of their own below. */
const TOLD = new Set([
  'version.shadowed',
  'version.ignoredAsFalse',
  'version.cut',
  'version.gitStale',
  'version.notRebuilt',
]);
const UNUSED = new Set(['version.projectArgumentIgnored', 'version.kconfigUnused']);

/** Whether the version says what it should: in force, in the image, and newer than what the board runs. */
export function versionFindings(facts: DoctorFacts): readonly Finding[] {
  return [...boardFindings(facts), ...formFindings(facts), ...sourceFindings(facts), ...builtFindings(facts)];
}

/** Where the version in force is set; the CMakeLists.txt of the project where nothing sets it. */
function versionPlace(facts: DoctorFacts): FindingPlace | undefined {
  const { version } = facts.project;
  if (version.path === undefined) return undefined;
  const { line, column, length = 0 } = version;
  if (line === undefined || column === undefined || length === 0) return linePlace(facts, version.path, line);
  return { path: version.path, range: { line, column, endColumn: column + length } };
}

/** The version that the next update would bring: that of the image, else that of the next build. */
function offeredVersion({ project }: DoctorFacts): string | undefined {
  return project.app?.image?.description?.version ?? project.version.effective;
}

function boardFindings(facts: DoctorFacts): readonly Finding[] {
  const { board, project } = facts;
  const version = offeredVersion(facts);
  const running = board?.runningVersion;
  if (version === undefined || version === '' || running === undefined) return [];
  // another firmware on purpose: its versions are counted anew
  const name = project.app?.image?.description?.projectName;
  if (board?.runningProject !== undefined && name !== undefined && board.runningProject !== name) return [];
  const at = versionPlace(facts);
  if (version === running) {
    const isRefused = project.sources.clientKind !== 'simple' && project.ota.skipsVersionCheck === false;
    // after an update that went well it is so, too
    const severity = isRefused ? 'warning' : 'information';
    return [finding('version-same', { version, isRefused }, { at, severity, fixes: [BUMP] })];
  }
  const [one, other] = [semantic(version), semantic(running)];
  if (one === null || other === null || compare(one, other) >= 0) return [];
  return [finding('version-lower', { version, running }, { at, fixes: [BUMP] })];
}

/** A semantic version, a leading `v` aside; `1.2` counts as none: code that compares by order takes three numbers apart. */
function semantic(version: string): ReturnType<typeof parse> {
  return parse(version.replace(/^v(?=\d)/, ''));
}

function formFindings(facts: DoctorFacts): readonly Finding[] {
  const { version, sources } = facts.project;
  const found: Finding[] = [];
  const at = versionPlace(facts);
  const { effective, value } = version;
  const ordered = sources.versionOrder;
  if (ordered !== undefined && effective !== undefined && effective !== '' && semantic(effective) === null) {
    const details = { version: effective, file: `${basename(ordered.path)}:${ordered.line}` };
    found.push(finding('version-not-semantic', details, { at, fixes: [BUMP] }));
  }
  if (version.isCut && value !== undefined && effective !== undefined) {
    found.push(finding('version-too-long', { version: value, effective }, { at, fixes: [BUMP] }));
  }
  if (version.source === 'git' && effective !== undefined && value?.endsWith('-dirty') === true) {
    found.push(finding('version-git-dirty', { version: effective }));
  }
  return found;
}

function sourceFindings(facts: DoctorFacts): readonly Finding[] {
  const { version, config } = facts.project;
  const found: Finding[] = [];
  for (const problem of version.problems) {
    const at = problemPlace(facts, problem);
    const code: string = problem.code;
    if (isOf(problem, 'version.shadowed')) {
      if (problem.details.source !== 'versionTxt') {
        found.push(finding('version-source-unused', problemDetails(problem), { at, severity: 'information' }));
        continue;
      }
      const { value, by } = problem.details;
      const isKconfig = by === 'kconfig' && config.bool('APP_PROJECT_VER_FROM_CONFIG') === true;
      const fixes: readonly Fix[] = isKconfig
        ? [
            {
              kind: 'setOptions',
              id: 'useVersionTxt',
              options: { APP_PROJECT_VER_FROM_CONFIG: false },
              needs: ['rebuild'],
            },
          ]
        : [];
      found.push(finding('version-txt-ignored', { value, by }, { at, fixes }));
    } else if (isOf(problem, 'version.ignoredAsFalse')) {
      found.push(finding('version-txt-ignored', { value: problem.details.text, by: 'false' }, { at, fixes: [BUMP] }));
    } else if (UNUSED.has(code)) {
      found.push(finding('version-source-unused', problemDetails(problem), { at, severity: problem.severity }));
    } else if (!TOLD.has(code)) {
      found.push(finding('version-source', problemDetails(problem), { at, severity: problem.severity }));
    }
  }
  return found;
}

function isOf<Code extends Problem['code']>(problem: Problem, code: Code): problem is Problem & Problem<Code> {
  return problem.code === code;
}

/** The image is not what the project is now. */
function builtFindings(facts: DoctorFacts): readonly Finding[] {
  const { version, app, sources } = facts.project;
  if (app === undefined) return [];
  const stale = version.problems.find((one) => isOf(one, 'version.notRebuilt') || isOf(one, 'version.gitStale'));
  if (stale !== undefined && version.built !== undefined) {
    const isGit = isOf(stale, 'version.gitStale');
    const details = { built: version.built.version, effective: version.effective ?? '', isGit };
    return [finding('version-not-built', details, { at: versionPlace(facts), fixes: [BUILD] })];
  }
  const { newest } = sources;
  if (newest === undefined || newest.modifiedMs <= app.modifiedMs) return [];
  const details = { file: basename(newest.path), image: basename(app.path) };
  return [finding('version-old-image', details, { at: { path: newest.path }, fixes: [BUILD] })];
}

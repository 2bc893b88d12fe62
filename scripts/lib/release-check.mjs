/**
 * @typedef {object} ReleaseInputs
 * @property {Record<string, any>} manifest package.json
 * @property {string} changelog text of CHANGELOG.md
 * @property {string | undefined} tag such as `v1.2.0`; undefined while there is none yet
 * @property {string} [uncommitted] what `git status --porcelain` says
 */

/** What package.json needs to be published, and why. */
const NEEDED = {
  publisher: 'the account that it is published under',
  repository: 'links of README and CHANGELOG lead there, and "Repository" in the registries',
  bugs: '"Issues" in the registries',
  homepage: '"Homepage" in the registries',
};

/**
 * The section of a version in the changelog, without its heading; undefined when it is not there.
 * @param {string} changelog
 * @param {string} version
 */
export function notesOf(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((one) => one.startsWith(`[${version}]`));
  return section === undefined ? undefined : section.slice(section.indexOf('\n') + 1).trim();
}

/**
 * The channel of a version: odd minor versions are the previews of the even ones behind them, as VS Code asks for, which has no `1.2.0-beta`.
 * @param {string} version
 * @returns {'stable' | 'pre-release'}
 */
export function channelOf(version) {
  return Number(version.split('.')[1]) % 2 === 1 ? 'pre-release' : 'stable';
}

/**
 * What still stands in the way of a release, one line each.
 * @param {ReleaseInputs} inputs
 * @returns {string[]}
 */
export function releaseProblems({ manifest, changelog, tag, uncommitted = '' }) {
  const version = String(manifest['version']);
  const problems = [];
  if (!/^\d+\.\d+\.\d+$/.test(version)) problems.push(`version ${version} is not of three numbers`);
  if (tag !== undefined && tag !== `v${version}`) problems.push(`the tag is ${tag}, and the version ${version}`);
  const notes = notesOf(changelog, version);
  if (notes === undefined) problems.push(`CHANGELOG.md has no section [${version}]`);
  else if (notes === '') problems.push(`the section [${version}] of CHANGELOG.md is empty`);
  if (notes !== undefined && (notesOf(changelog, 'Unreleased') ?? '') !== '') {
    problems.push('CHANGELOG.md still has something under [Unreleased]');
  }
  for (const [field, why] of Object.entries(NEEDED)) {
    if (manifest[field] === undefined) problems.push(`package.json has no "${field}": ${why}`);
  }
  if (manifest['private'] === true) problems.push('package.json says "private": npm would refuse it');
  if (uncommitted.trim() !== '') problems.push(`there is something that is not committed:\n${uncommitted.trimEnd()}`);
  return problems;
}

/** What the native addon of serialport calls its binaries. */
const ADDON = '@serialport+bindings-cpp';

/**
 * The platforms that a VSIX is made for, in VS Code's names, each with the binaries of serialport that its VS Code can load: paths in
 * `dist/prebuilds`. A binary is chosen when it is loaded, by `node-gyp-build`, so one too many only costs size.
 *
 * `web` is not among them: without a Node process there is no server socket, no serial port, no build and no file of the project to read.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const TARGETS = {
  'win32-x64': [`win32-x64/${ADDON}.node`],
  'win32-arm64': [`win32-arm64/${ADDON}.armv8.node`],
  'linux-x64': [`linux-x64/${ADDON}.glibc.node`],
  'linux-arm64': [`linux-arm64/${ADDON}.armv8.glibc.node`],
  'linux-armhf': [`linux-arm/${ADDON}.armv6.glibc.node`, `linux-arm/${ADDON}.armv7.glibc.node`],
  'alpine-x64': [`linux-x64/${ADDON}.musl.node`],
  'alpine-arm64': [`linux-arm64/${ADDON}.armv8.musl.node`],
  // one file holds the code for both processors
  'darwin-x64': [`darwin-x64+arm64/${ADDON}.node`],
  'darwin-arm64': [`darwin-x64+arm64/${ADDON}.node`],
};

/** The binaries of the universal VSIX: those of every target. */
export const ALL_BINARIES = [...new Set(Object.values(TARGETS).flat())].sort();

/**
 * The binaries that belong into a VSIX.
 * @param {string | undefined} target undefined for the universal one
 * @returns {readonly string[]} paths in `dist/prebuilds`
 */
export function binariesOf(target) {
  if (target === undefined) return ALL_BINARIES;
  const binaries = TARGETS[target];
  if (!binaries) throw new Error(`no target ${target}`);
  return binaries;
}

/**
 * The list of what is packaged for a target: the common one, and the target's binaries.
 * @param {string} common text of `.vscodeignore`
 * @param {string | undefined} target undefined for the universal VSIX
 */
export function ignoreText(common, target) {
  const lines = common.split(/\r?\n/).filter((line) => !line.startsWith('!dist/prebuilds/'));
  return `${[...lines, ...binariesOf(target).map((file) => `!dist/prebuilds/${file}`)].join('\n')}\n`;
}

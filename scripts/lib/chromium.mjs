import { existsSync } from 'node:fs';
import { findProgram, runOrThrow } from './processes.mjs';
import { PlainError, timed } from './terminal.mjs';

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge',
  'chrome',
  'msedge',
];

/** Where Chromium and its relatives are when they are not on PATH. */
const USUAL_PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** Chromium of this machine: ESP32_OTA_CHROMIUM if that is set, else what is found. */
export function findChromium() {
  const chosen = process.env['ESP32_OTA_CHROMIUM'];
  if (chosen !== undefined && chosen !== '') return chosen;
  return findProgram(NAMES) ?? USUAL_PLACES.find((place) => existsSync(place));
}

/**
 * Chromium for the editor tests. Where it is missing, it is installed if that can be done without asking: as root, on Debian.
 * @returns {Promise<string>} path of the program
 * @throws {PlainError} that names the package to install
 */
export async function ensureChromium() {
  const present = findChromium();
  if (present !== undefined) return present;

  const aptGet = findProgram(['apt-get']);
  if (aptGet === undefined || !existsSync('/etc/debian_version') || process.getuid?.() !== 0) {
    throw new PlainError(
      'The editor tests need Chromium, which was not found. Install the package "chromium" ' +
        '(Debian, Ubuntu: sudo apt-get install chromium; Fedora: sudo dnf install chromium; macOS: brew install --cask chromium), ' +
        'or give the path of a Chromium, Chrome or Edge in ESP32_OTA_CHROMIUM.',
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await timed('installing the Debian package "chromium" (apt-get)', async () => {
    await runOrThrow(aptGet, ['update', '-qq'], { env });
    await runOrThrow(aptGet, ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], {
      env,
    });
  });
  const installed = findChromium();
  if (installed === undefined) throw new PlainError('apt-get has installed "chromium", and still none is found.');
  return installed;
}

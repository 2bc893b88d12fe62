import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where the command line keeps what is the user's: never in a project.
 * @see XDG Base Directory Specification 0.8; Apple "File System Programming Guide"; Microsoft "Known Folders" */
export function dataFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
  home: string = isAbsolute(homedir()) ? homedir() : userInfo().homedir,
): string {
  const name = 'esp32-ota';
  const xdg = env['XDG_DATA_HOME'] ?? '';
  const local = env['LOCALAPPDATA'] ?? '';
  // a path that is not absolute is to be ignored
  if (isAbsolute(xdg)) return join(xdg, name);
  if (platform === 'win32') return join(isAbsolute(local) ? local : join(home, 'AppData', 'Local'), name);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', name);
  return join(home, '.local', 'share', name);
}

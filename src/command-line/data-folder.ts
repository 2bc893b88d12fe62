import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Where the command line keeps what is the user's: never in a project.
 * @see XDG Base Directory Specification 0.8; Apple "File System Programming Guide"; Microsoft "Known Folders" */
export function dataFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const name = 'esp32-ota';
  const xdg = env['XDG_DATA_HOME'] ?? '';
  // a path that is not absolute is to be ignored
  if (isAbsolute(xdg)) return join(xdg, name);
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), name);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', name);
  return join(home, '.local', 'share', name);
}

import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the programs of one user say which port they have: one place for every editor of the VS Code family and for the command line, so that
 * each can name the other. It depends on nothing that is set differently in a terminal and in a program started from a menu.
 * @param localAppData `%LOCALAPPDATA%`, on Windows */
export function portLockFolder(
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
  localAppData: string | undefined = process.env['LOCALAPPDATA'],
): string {
  const name = join('esp32-ota', 'ports');
  if (platform === 'win32') return join(localAppData ?? join(home, 'AppData', 'Local'), name);
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', name);
  return join(home, '.local', 'share', name);
}

/** What a lock's `windowId` begins with when it is the command line's, in a terminal or a script. */
export const TERMINAL_WINDOW = 'cli-';

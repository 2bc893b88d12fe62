import { commands } from 'vscode';
import type { ContextKeys } from '../texts/contributions.ts';

const current = new Map<string, unknown>();

/** Sets a `when` key; a value that is in force already costs nothing. */
export function setContext<Key extends keyof ContextKeys>(key: Key, value: ContextKeys[Key]): void {
  if (current.get(key) === value) return;
  current.set(key, value);
  void commands.executeCommand('setContext', `esp32Ota.${key}`, value);
}

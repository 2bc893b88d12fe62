/** What a key, typed at a monitor, is for. */
export type KeyAction = { readonly kind: 'send'; readonly text: string } | { readonly kind: MonitorCommand };

export type MonitorCommand =
  | 'exit'
  | 'help'
  | 'reset'
  | 'resetToLoader'
  | 'togglePause'
  | 'toggleLog'
  | 'toggleTimestamps'
  | 'filter'
  | 'clear'
  | 'sendLine'
  | 'sendUrl'
  | 'flashProject'
  | 'flashApp';

const MENU_KEY = '\u0014'; // Ctrl+T
const EXIT_KEY = '\u001d'; // Ctrl+]

/** The keys behind Ctrl+T, as a letter or with Ctrl. Those of idf_monitor are where they are there.
 * @see esp-idf-monitor 1.8 `base/console_parser.py` */
export const MENU_KEYS: readonly { readonly key: string; readonly command: MonitorCommand }[] = [
  { key: 'H', command: 'help' },
  { key: 'R', command: 'reset' },
  { key: 'P', command: 'resetToLoader' },
  { key: 'F', command: 'flashProject' },
  { key: 'A', command: 'flashApp' },
  { key: 'Y', command: 'togglePause' },
  { key: 'L', command: 'toggleLog' },
  { key: 'I', command: 'toggleTimestamps' },
  { key: '/', command: 'filter' },
  { key: 'C', command: 'clear' },
  { key: 'S', command: 'sendLine' },
  { key: 'U', command: 'sendUrl' },
  { key: 'X', command: 'exit' },
];

const COMMANDS = new Map<string, MonitorCommand>([
  ...MENU_KEYS.map(({ key, command }) => [key, command] as const),
  ['?', 'help'],
]);

/** Tells keys for the board from keys for the monitor; Ctrl+T and Ctrl+] behind Ctrl+T are for the board. */
export class MonitorKeys {
  #isMenuOpen = false;

  /** What was typed or pasted, in order. Consecutive keys for the board come together. */
  read(input: string): readonly KeyAction[] {
    const actions: KeyAction[] = [];
    let text = '';
    const send = (): void => {
      if (text !== '') actions.push({ kind: 'send', text });
      text = '';
    };
    for (const character of input) {
      if (!this.#isMenuOpen) {
        if (character === MENU_KEY) this.#isMenuOpen = true;
        else if (character === EXIT_KEY) {
          send();
          actions.push({ kind: 'exit' });
        } else text += character;
        continue;
      }
      this.#isMenuOpen = false;
      if (character === MENU_KEY || character === EXIT_KEY) {
        text += character;
        continue;
      }
      send();
      // an unknown key does nothing but to say which there are
      actions.push({ kind: COMMANDS.get(letterOf(character)) ?? 'help' });
    }
    send();
    return actions;
  }
}

/** Ctrl+R comes as 0x12. */
function letterOf(character: string): string {
  const code = character.charCodeAt(0);
  return code >= 1 && code <= 26 ? String.fromCharCode(code + 0x40) : character.toUpperCase();
}

import { describe, expect, it } from 'vitest';
import { MENU_KEYS, MonitorKeys } from '../../../src/monitor/monitor-keys.ts';

const CTRL_T = '\u0014';
const CTRL_BRACKET = '\u001d';

function read(...inputs: string[]) {
  const keys = new MonitorKeys();
  return inputs.flatMap((input) => keys.read(input));
}

describe('keys at a monitor', () => {
  it('go to the board, those of the arrows and Ctrl+C too', () => {
    expect(read('help\r', '\u0003', '\u001b[A')).toEqual([
      { kind: 'send', text: 'help\r' },
      { kind: 'send', text: '\u0003' },
      { kind: 'send', text: '\u001b[A' },
    ]);
  });

  it('leave it with Ctrl+]', () => {
    expect(read(`ab${CTRL_BRACKET}`)).toEqual([{ kind: 'send', text: 'ab' }, { kind: 'exit' }]);
  });

  for (const { key, command } of MENU_KEYS) {
    it(`Ctrl+T ${key}: ${command}`, () => {
      expect(read(CTRL_T, key)).toEqual([{ kind: command }]);
      expect(read(`${CTRL_T}${key.toLowerCase()}`)).toEqual([{ kind: command }]);
      const control = key.charCodeAt(0) - 0x40;
      if (control > 0) expect(read(CTRL_T, String.fromCharCode(control))).toEqual([{ kind: command }]);
    });
  }

  it('send Ctrl+T and Ctrl+] behind Ctrl+T', () => {
    expect(read(CTRL_T, CTRL_T, 'x')).toEqual([
      { kind: 'send', text: CTRL_T },
      { kind: 'send', text: 'x' },
    ]);
    expect(read(`${CTRL_T}${CTRL_BRACKET}`)).toEqual([{ kind: 'send', text: CTRL_BRACKET }]);
  });

  it('show the help for a key that is none', () => {
    expect(read(`${CTRL_T}?`, `${CTRL_T}9`, 'r')).toEqual([
      { kind: 'help' },
      { kind: 'help' },
      { kind: 'send', text: 'r' },
    ]);
  });

  it('are where idf_monitor has them', () => {
    const keys = Object.fromEntries(MENU_KEYS.map(({ key, command }) => [key, command]));
    expect(keys).toMatchObject({
      H: 'help',
      R: 'reset',
      F: 'flashProject',
      A: 'flashApp',
      Y: 'togglePause',
      L: 'toggleLog',
      I: 'toggleTimestamps',
      P: 'resetToLoader',
      X: 'exit',
    });
    expect(new Set(Object.keys(keys)).size).toBe(MENU_KEYS.length);
  });
});

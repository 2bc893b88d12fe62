import * as l10n from '@vscode/l10n';
import { afterEach, describe, expect, it } from 'vitest';
import { OtaError } from '../../../src/base/ota-error.ts';
import { TERMINAL_WINDOW } from '../../../src/serial/lock-folder.ts';
import { textOfError } from '../../../src/texts/error-texts.ts';
import { holderText } from '../../../src/texts/holder-texts.ts';

afterEach(() => {
  l10n.config({ contents: {} });
});

describe('who has a port', () => {
  it('is said in words where it is one of ours, and by its name where it is not', () => {
    expect(['monitor', 'flash', 'slots', 'Mein Werkzeug', ''].map(holderText)).toEqual([
      'its monitor',
      'flashing',
      'work with its slots',
      'Mein Werkzeug',
      '',
    ]);
  });

  it('is said in the language of the user', () => {
    l10n.config({ contents: { 'its monitor': '其监视器' } });
    const errors = [
      new OtaError('serial.inUse', { address: 'COM5', holder: 'monitor' }),
      new OtaError('serial.otherWindow', { address: 'COM5', holder: 'monitor', windowId: 'w', holderPid: 7 }),
      new OtaError('serial.otherWindow', {
        address: 'COM5',
        holder: 'monitor',
        windowId: TERMINAL_WINDOW,
        holderPid: 7,
      }),
    ];
    for (const error of errors) expect(textOfError(error).message).toContain('其监视器');
  });
});

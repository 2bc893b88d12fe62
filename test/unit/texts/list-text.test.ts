import * as l10n from '@vscode/l10n';
import { afterEach, expect, it } from 'vitest';
import { listText } from '../../../src/texts/text.ts';

afterEach(() => {
  l10n.config({ contents: {} });
});

it('parts of a row are listed without those that are empty, in the punctuation of the language', () => {
  expect(listText(['2 errors', '', '1 warning', '3 notes'])).toBe('2 errors, 1 warning, 3 notes');
  expect([listText([]), listText(['']), listText(['one'])]).toEqual(['', '', 'one']);
  l10n.config({ contents: { '{0}, {1}': '{0}，{1}' } });
  expect(listText(['1 个错误', '1 个警告'])).toBe('1 个错误，1 个警告');
});

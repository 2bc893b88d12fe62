import { expect, it } from 'vitest';
import { spokenText } from '../../../src/texts/spoken-text.ts';

it.each([
  ['Update 1.0.0 → 1.1.0, going on', 'Update 1.0.0 to 1.1.0, going on'],
  ['Rehearsal 1.0.0-rc.1+5 → 2', 'Rehearsal 1.0.0-rc.1+5 to 2'],
  ['ota_0, 1.0.0 · valid · this build', 'ota_0, 1.0.0, valid, this build'],
  ['GET /simple_ota.bin → 200', 'GET /simple_ota.bin, 200'],
  ['Server off', 'Server off'],
])('“%s” is said as “%s”', (seen, said) => {
  expect(spokenText(seen)).toBe(said);
});

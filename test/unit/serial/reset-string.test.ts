import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOtaError } from '../../../src/base/ota-error.ts';
import { parseResetSequence } from '../../../src/serial/reset-string.ts';
import { caught } from '../../support/caught.ts';

const RUNS = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);

describe('a reset sequence of the settings', () => {
  it('is read with waits in seconds', () => {
    expect(parseResetSequence('D0|R1|W0.1|D1|R0|W0.05|D0')).toEqual([
      { dtr: false },
      { rts: true },
      { waitMs: 100 },
      { dtr: true },
      { rts: false },
      { waitMs: 50 },
      { dtr: false },
    ]);
    expect(parseResetSequence(' u1,0 | W1 | w.5 ')).toEqual([
      { dtr: true, rts: false },
      { waitMs: 1000 },
      { waitMs: 500 },
    ]);
  });

  it.each([
    ['', 0],
    ['D2', 0],
    ['D0|', 3],
    ['D0| X1', 4],
    ['D0|W', 3],
    ['W61', 0],
    ['W1e3', 0],
    ['U1', 0],
    ['D0|R1|W-1', 6],
    ['D0 R1', 0],
  ])('%j is refused at %i', async (sequence, position) => {
    const error = await caught(() => parseResetSequence(sequence), 'serial.badResetSequence');
    expect(error.details).toEqual({ sequence, position });
  });

  it('has an end', async () => {
    await caught(() => parseResetSequence('D0|'.repeat(1000) + 'D0'), 'serial.badResetSequence');
  });

  it('of any text is a sequence or a coded error', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^([DRUW][01](,[01])?(\.\d)?\|?)*$/));
    fc.assert(
      fc.property(text, (sequence) => {
        try {
          for (const step of parseResetSequence(sequence)) expect(Object.keys(step).length).toBeGreaterThan(0);
        } catch (error) {
          if (!isOtaError(error, 'serial.badResetSequence')) throw error;
          expect(error.details.position).toBeLessThanOrEqual(sequence.length);
        }
      }),
      { numRuns: RUNS },
    );
  });
});

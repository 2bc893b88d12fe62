import { OtaError } from '../base/ota-error.ts';
import type { ResetSequence, ResetStep } from './reset.ts';

/** Longer sequences, or longer waits, are typing errors. */
const MAX_STEPS = 100;
const MAX_WAIT_S = 60;

/** Reads a reset sequence as esptool's and ESP-IDF Monitor's configuration files have it: commands separated by `|`, `D0` `D1` (DTR), `R0`
 * `R1` (RTS), `U1,0` (DTR and RTS at once), `W0.1` (wait, in seconds).
 * @throws {OtaError} `serial.badResetSequence` with the position of the wrong command
 * @see esptool v5 documentation, "Configuration File", custom reset sequence */
export function parseResetSequence(text: string): ResetSequence {
  const steps: ResetStep[] = [];
  let position = 0;
  for (const part of text.split('|')) {
    const step = parseStep(part.trim());
    if (step === undefined || steps.length >= MAX_STEPS) {
      const blanks = part.length - part.trimStart().length;
      throw new OtaError('serial.badResetSequence', { sequence: text, position: position + blanks });
    }
    steps.push(step);
    position += part.length + 1;
  }
  return steps;
}

function parseStep(command: string): ResetStep | undefined {
  const line = /^([DR])([01])$/i.exec(command);
  if (line !== null) return line[1]?.toUpperCase() === 'D' ? { dtr: line[2] === '1' } : { rts: line[2] === '1' };
  const both = /^U([01])\s*,\s*([01])$/i.exec(command);
  if (both !== null) return { dtr: both[1] === '1', rts: both[2] === '1' };
  const wait = /^W(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})$/i.exec(command);
  const seconds = Number(wait?.[1]);
  if (wait !== null && seconds <= MAX_WAIT_S) return { waitMs: Math.round(seconds * 1000) };
  return undefined;
}

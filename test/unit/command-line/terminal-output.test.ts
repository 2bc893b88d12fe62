import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { diskFiles } from '../../../src/base/files.ts';
import { OtaError } from '../../../src/base/ota-error.ts';
import { defineCommand, type CommandContext } from '../../../src/command-line/command.ts';
import type { InputStream } from '../../../src/command-line/streams.ts';
import { runCommandLine } from '../../../src/command-line/run-command-line.ts';
import { textOfError } from '../../../src/texts/error-texts.ts';

/** As a version out of a board's flash could be: the title, the clipboard, another screen, in both forms; a line drawn over. */
const CRAFTED = '\u001b]0;x\u0007\u001b]52;c;ZXZpbA==\u001b\\\u001b[?1049h\u009d52;c;ZXZpbA==\u009c1.0\r2.0';

/** What a command writes to both of its streams, without the colours. */
async function written(run: (context: CommandContext) => Promise<void> | void, ...argv: string[]): Promise<string> {
  let text = '';
  const stream = {
    isTTY: true,
    columns: 400,
    write: (piece: string) => {
      text += piece;
    },
  };
  const command = defineCommand({
    name: 'tell',
    summary: () => '',
    operands: [],
    options: {},
    examples: [],
    exitCodes: [],
    output: 'lines',
    run: async (context) => {
      await run(context);
      return { exitCode: 0, data: { version: CRAFTED } };
    },
  });
  await runCommandLine({
    argv: ['tell', ...argv],
    env: {},
    cwd: process.cwd(),
    stdin: undefined as unknown as InputStream,
    stdout: stream,
    stderr: stream,
    signal: new AbortController().signal,
    endCode: () => 130,
    readerGone: new AbortController().signal,
    files: diskFiles,
    clock: systemClock,
    commands: [command],
    version: '1.0.0',
    makers: () => undefined as never,
    errorTexts: () => Promise.resolve(textOfError),
  });
  // the bar's own: back to the first column, and clear the rest of the line
  return text.replace(/\r|\u001b\[K/g, '').replace(/\u001b\[[\d;]*m/g, '');
}

const HARMFUL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

describe('what the command line writes to a terminal', () => {
  it.each<[string, (context: CommandContext) => void]>([
    [
      'lines',
      ({ print }) => {
        print(`version ${CRAFTED}`);
      },
    ],
    [
      'notes',
      ({ note }) => {
        note(`version ${CRAFTED}`);
      },
    ],
    [
      'progress',
      ({ progress }) => {
        const bar = progress(`reading ${CRAFTED}`);
        bar.say(CRAFTED);
        bar.update({ doneBytes: 1, totalBytes: 1, label: CRAFTED });
      },
    ],
    [
      'errors',
      () => {
        throw new OtaError('file.unreadable', { path: CRAFTED, reason: 'EACCES' });
      },
    ],
    [
      'unexpected errors',
      () => {
        throw new Error(CRAFTED);
      },
    ],
  ])('has nothing of a board that acts on it: %s', async (_what, run) => {
    const text = await written(run);
    expect(text).toContain('52;c;ZXZpbA==');
    expect(text).not.toMatch(HARMFUL);
  });

  it('has nothing of a board that acts on it: the log of --verbose', async () => {
    const text = await written(({ log }) => {
      log.info(CRAFTED);
    }, '--verbose');
    expect(text).toContain('52;c;ZXZpbA==');
    expect(text).not.toMatch(HARMFUL);
  });

  it('has nothing of a board that acts on it: JSON, whose values are all there', async () => {
    const text = await written(({ emit }) => {
      emit({ event: 'seen', version: CRAFTED });
    }, '--json');
    expect(text).not.toMatch(HARMFUL);
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { version: string });
    expect(lines.map(({ version }) => version)).toEqual([CRAFTED, CRAFTED]);
  });
});

import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { diskFiles } from '../../../src/base/files.ts';
import { OtaError } from '../../../src/base/ota-error.ts';
import { defineCommand, type CommandContext } from '../../../src/command-line/command.ts';
import type { InputStream } from '../../../src/command-line/streams.ts';
import { runCommandLine } from '../../../src/command-line/run-command-line.ts';
import { textOfError } from '../../../src/texts/error-texts.ts';

const never = new AbortController().signal;

/** As a version out of a board's flash could be: the title, the clipboard, another screen, in both forms; a line drawn over. */
const CRAFTED = '\u001b]0;x\u0007\u001b]52;c;ZXZpbA==\u001b\\\u001b[?1049h\u009d52;c;ZXZpbA==\u009c1.0\r2.0';

type Run = (context: CommandContext) => Promise<void> | void;

/** What a command writes to both of its streams, without the colours. */
async function written(run: Run, ...argv: string[]): Promise<string> {
  const { text } = await ended(run, argv);
  // the bar's own: back to the first column, and clear the rest of the line
  return text.replace(/\r|\u001b\[K/g, '').replace(/\u001b\[[\d;]*m/g, '');
}

/** How a command ends, and all that it writes.
 * @param signal of Ctrl+C
 * @param readerGone nobody reads what it writes */
async function ended(
  run: Run,
  argv: readonly string[],
  { signal = never, readerGone = never }: { readonly signal?: AbortSignal; readonly readerGone?: AbortSignal } = {},
): Promise<{ readonly code: number; readonly text: string }> {
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
  const code = await runCommandLine({
    argv: ['tell', ...argv],
    env: {},
    cwd: process.cwd(),
    stdin: undefined as unknown as InputStream,
    stdout: stream,
    stderr: stream,
    signal,
    endCode: () => 143,
    readerGone,
    files: diskFiles,
    clock: systemClock,
    commands: [command],
    version: '1.0.0',
    makers: () => undefined as never,
    errorTexts: () => Promise.resolve(textOfError),
  });
  return { code, text };
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

  it.each<[string, string, (context: CommandContext) => void]>([
    [
      'JSON',
      '--json',
      ({ emit }) => {
        emit({ event: 'seen' });
      },
    ],
    [
      'the log',
      '--verbose',
      ({ log }) => {
        log.info('seen');
      },
    ],
  ])('makes room for %s where a bar is', async (_what, flag, tell) => {
    const { text } = await ended(
      (context) => {
        context.progress('Download').say('half of it');
        tell(context);
      },
      [flag],
    );
    expect(text).toMatch(/half of it\u001b\[K\r\u001b\[K[^\r]*seen/);
  });
});

describe('how a command ends', () => {
  const aborted = AbortSignal.abort();
  const unreadable = (): never => {
    throw new OtaError('file.unreadable', { path: 'x', reason: 'EACCES' });
  };

  it('that is ended by a signal and fails because of it has the code of the signal', async () => {
    expect(await ended(unreadable, [], { signal: aborted })).toMatchObject({ code: 143 });
    expect(await ended(unreadable, [])).toMatchObject({ code: 4 });
    const broken = (): never => {
      throw new Error('unexpected');
    };
    expect(await ended(broken, [], { signal: aborted })).toMatchObject({ code: 70 });
  });

  it('that is left with Ctrl+C at a question is cancelled, and that is no error', async () => {
    const { code, text } = await ended(() => {
      throw new OtaError('cancelled', { what: 'question' });
    }, []);
    expect(code).toBe(130);
    expect(text).not.toContain('error');
  });

  it('that goes on for long is ended when nobody reads it, with its own code', async () => {
    let isEnded = false;
    const run: Run = ({ signal }) => {
      isEnded = signal.aborted;
    };
    expect(await ended(run, [], { readerGone: aborted })).toMatchObject({ code: 0 });
    expect(isEnded).toBe(true);
    expect(await ended(unreadable, [], { readerGone: aborted })).toMatchObject({ code: 4 });
  });
});

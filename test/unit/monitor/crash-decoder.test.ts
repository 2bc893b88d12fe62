import { describe, expect, it } from 'vitest';
import { diskFiles, type FileStore } from '../../../src/base/files.ts';
import { ConsoleFollower } from '../../../src/monitor/console-follower.ts';
import { CrashDecoder } from '../../../src/monitor/crash-decoder.ts';
import { createAddressIndex } from '../../../src/monitor/elf/address-index.ts';
import { openElf } from '../../../src/monitor/elf/elf-file.ts';
import { elfSha256 } from '../../../src/monitor/elf/elf-sha256.ts';
import { ELF_PROGRAMS, recordedElf } from '../../support/elf-programs.ts';

const program = ELF_PROGRAMS.find(({ name }) => name === 'xtensa-dwarf5-Og');
if (program === undefined) throw new Error('no program');
const { bytes } = recordedElf(program);
const index = createAddressIndex(openElf(bytes));
const text = index.elf.sections.find(({ name }) => name === '.flash.text');
const address = Array.from({ length: text?.size ?? 0 }, (_, at) => (text?.address ?? 0) + at).find(
  (at) => index.lookup(at).length === 1,
);
const source = { elfPath: '/p/build/app.elf', projectFolder: '/p' };
const words = {
  guess: 'guess',
  unknown: 'unknown',
  inlinedBy: 'inlined by',
  otherFile: (printed: string, built: string) => `${printed} is not ${built}`,
};

/** One file, that changes when told. */
function files(): FileStore & { content: Uint8Array | undefined; modifiedMs: number; reads: number } {
  return {
    ...diskFiles,
    content: bytes,
    modifiedMs: 1,
    reads: 0,
    stat() {
      const { content, modifiedMs } = this;
      const found = content && { isDirectory: false, sizeBytes: content.length, modifiedMs };
      return Promise.resolve(found);
    },
    read() {
      this.reads++;
      return Promise.resolve(this.content);
    },
  };
}

function crashed(digest?: string): ConsoleFollower {
  const follower = new ConsoleFollower();
  const pc = `0x${address?.toString(16) ?? ''}`;
  const lines = [
    "Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.",
    `Backtrace: ${pc}:0x3ffb0000`,
    ...(digest === undefined ? [] : [`ELF file SHA256: ${digest}`]),
    'Rebooting...',
  ];
  for (const line of lines) follower.line(line);
  return follower;
}

async function decode(
  disk: FileStore,
  digest?: string,
  decoder = new CrashDecoder({ files: disk, words: () => words }),
) {
  const { view } = crashed(digest);
  if (view.crash === undefined) throw new Error('no crash');
  return decoder.lines(source, view.crash, view, 'frames');
}

describe('decoding a crash with the file of a build', () => {
  it('names the function and the place, and reads the file once', async () => {
    const disk = files();
    const decoder = new CrashDecoder({ files: disk, words: () => words });
    const [line] = await decode(disk, elfSha256(bytes).slice(0, 9), decoder);
    expect(line).toMatch(/^0x\w{8}: \w+ at .+:\d+$/);
    await decode(disk, undefined, decoder);
    expect(disk.reads).toBe(1);
  });

  it('warns above the places when the firmware is another one, and then gives no place to go to', async () => {
    const disk = files();
    const decoder = new CrashDecoder({ files: disk, words: () => words });
    const lines = await decode(disk, '0123456789abcdef', decoder);
    expect(lines[0]).toBe(`0123456789abcdef is not ${elfSha256(bytes).slice(0, 16)}`);
    expect(lines.length).toBeGreaterThan(1);
    const { crash } = crashed('0123456789abcdef').view;
    expect(crash && (await decoder.place(source, crash))).toBeUndefined();
  });

  it('reads the file again when it has changed, and does without one that is no ELF file or gone', async () => {
    const disk = files();
    const decoder = new CrashDecoder({ files: disk, words: () => words });
    await decode(disk, undefined, decoder);
    Object.assign(disk, { content: Uint8Array.of(1, 2, 3), modifiedMs: 2 });
    expect(await decode(disk, undefined, decoder)).toEqual([]);
    expect(disk.reads).toBe(2);
    Object.assign(disk, { content: undefined });
    expect(await decode(disk, undefined, decoder)).toEqual([]);
    expect(await decoder.lines(undefined, ...report())).toEqual([]);
  });
});

function report(): Parameters<CrashDecoder['lines']> extends [unknown, ...infer Rest] ? Rest : never {
  const { view } = crashed();
  if (view.crash === undefined) throw new Error('no crash');
  return [view.crash, view, 'frames'];
}

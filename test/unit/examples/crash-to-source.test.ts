import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildOutputs } from '../../../examples/tools/build-outputs.mjs';
import { cFunctions, crashPath } from '../../../examples/tools/c-functions.mjs';
import { ConsoleFollower } from '../../../src/monitor/console-follower.ts';
import { decodeCrash, firstOwnFrame } from '../../../src/monitor/decode-crash.ts';
import { createAddressIndex, type AddressIndex } from '../../../src/monitor/elf/address-index.ts';
import { openElf } from '../../../src/monitor/elf/elf-file.ts';
import { elfSha256, isSameElf } from '../../../src/monitor/elf/elf-sha256.ts';
import { findChip } from '../../../src/virtual-board/chip-profile.ts';
import { parseIdfVersion } from '../../../src/virtual-board/idf-version.ts';
import { panicLines } from '../../../src/virtual-board/panic.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const TARGETS = ['esp32', 'esp32s2', 'esp32s3', 'esp32c2', 'esp32c3', 'esp32c6', 'esp32h2'];
let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'esp32-ota-crash-'));
});

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

function build(name: string, target: string): { folder: string; image: Buffer; elf: Buffer; source: string[] } {
  const folder = join(scratch, `${name}-${target}`);
  cpSync(join(EXAMPLES, name), folder, { recursive: true, filter: (path) => !/[/\\]build$/.test(path) });
  const config = join(folder, 'sdkconfig');
  const text = readFileSync(config, 'utf8')
    .replace(/^(CONFIG_IDF_TARGET)=.*$/m, `$1="${target}"`)
    .replace(/^(CONFIG_ESPTOOLPY_FLASHFREQ)=.*$/m, `$1="${flashFrequency(target)}"`);
  writeFileSync(config, text);
  buildOutputs({ projectFolder: folder, allowMissingCertificate: true });
  const main = { simple_ota: 'simple_ota.c', hello_world: 'hello_world_main.c' }[name] ?? '';
  return {
    folder,
    image: readFileSync(join(folder, `build/${name}.bin`)),
    elf: readFileSync(join(folder, `build/${name}.elf`)),
    source: readFileSync(join(folder, 'main', main), 'utf8').split('\n'),
  };
}

function flashFrequency(target: string): string {
  return { esp32c2: '30m', esp32h2: '24m' }[target] ?? '40m';
}

/** What a console shows of the virtual board's panic, decoded. */
function crash(target: string, image: Uint8Array, elf: Uint8Array) {
  const profile = findChip(target);
  const idf = parseIdfVersion('v5.5.1');
  if (profile === undefined || idf === undefined) throw new Error(target);
  const sha256 = Buffer.from(image.subarray(176, 208)).toString('hex');
  const follower = new ConsoleFollower();
  for (const line of panicLines(profile, image, sha256, idf)) follower.line(line);
  const report = follower.view.crash;
  if (report === undefined) throw new Error('no crash');
  const index: AddressIndex = createAddressIndex(openElf(elf));
  return { report, index, decoded: decodeCrash(report, index, { isRiscV: profile.isRiscV }) };
}

describe.each(TARGETS)('a crash of simple_ota on the virtual board (%s)', (target) => {
  it('leads from main_task to the line that reads through a pointer', () => {
    const { folder, image, elf, source } = build('simple_ota', target);
    const { report, index, decoded } = crash(target, image, elf);
    expect(index.problems).toEqual([]);
    const named = decoded.frames.map(({ frames }) => frames.map((frame) => frame.function));
    expect(named).toEqual([['log_digest'], ['log_digests', 'app_main'], ['main_task']]);
    expect(decoded.frames.filter(({ isGuess }) => isGuess)).toEqual([]);
    const lines = decoded.frames.flatMap(({ frames }) => frames).map(({ line }) => source[(line ?? 0) - 1]?.trim());
    expect(lines).toEqual([
      'if (esp_partition_get_sha256(partition, digest) != ESP_OK) {',
      'log_digest("SHA-256 for bootloader: ", &bootloader);',
      'log_digests();',
      undefined,
    ]);
    expect(firstOwnFrame(decoded, folder)).toMatchObject({
      function: 'log_digest',
      file: join(folder, 'main/simple_ota.c').replaceAll('\\', '/'),
      line: source.findIndex((text) => text.includes('esp_partition_get_sha256(partition')) + 1,
    });
    expect(isSameElf(report.elfSha256 ?? '', elfSha256(elf))).toBe(true);
  });
});

describe('a crash of hello_world on the virtual board', () => {
  it.each(['esp32', 'esp32c3'])('is in app_main (%s)', (target) => {
    const { folder, image, elf, source } = build('hello_world', target);
    const { decoded } = crash(target, image, elf);
    const own = firstOwnFrame(decoded, folder);
    expect([own?.function, source[(own?.line ?? 0) - 1]?.trim()]).toEqual(['app_main', 'esp_chip_info(&chip);']);
  });
});

describe('the functions of a C source', () => {
  const text = `/* not(a) { function } */
#define LOOP(x) do { \\
    x(); } while (0)
static const int table[] = { 1, 2 };
struct pair { int a; };

static int
inner(struct pair *pair)
{
    int sum;
    char *text = "a { b";
    if (pair->a) { return '}'; }
    return sum;
}

void app_main(void) {
    inner(0);
}
`;

  it('are found with their lines, whatever stands in comments, texts and macros', () => {
    const found = cFunctions('x.c', text);
    expect(found.map(({ name, line, endLine, isStatic }) => [name, line, endLine, isStatic])).toEqual([
      ['inner', 8, 14, true],
      ['app_main', 16, 18, false],
    ]);
    expect(found[0]?.statements.map(({ line }) => line)).toEqual([11, 12, 13]);
    expect(crashPath(found).map(({ fn, callLine }) => [fn.name, callLine])).toEqual([
      ['app_main', 17],
      ['inner', 12],
    ]);
  });
});

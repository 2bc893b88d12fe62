import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOtaError } from '../../../src/base/ota-error.ts';
import { parseBuildConfig } from '../../../src/idf/build-config.ts';
import { idfBuildSystem, literalOf, parseCmake, projectNameOf } from '../../../src/idf/cmake-file.ts';
import { listVariable } from '../../../src/idf/config-defaults.ts';
import { projectConfig } from '../../../src/idf/config-reader.ts';
import { embeddedFiles } from '../../../src/idf/embedded-files.ts';
import { parseFlasherArgs } from '../../../src/idf/flasher-args.ts';
import { parseIdfVersion } from '../../../src/idf/idf-version.ts';
import { imageFileName } from '../../../src/idf/manifest.ts';
import { readOtaConfig } from '../../../src/idf/ota-config.ts';
import { choosePartitionTable } from '../../../src/idf/partition-choice.ts';
import { lockedIdfVersion } from '../../../src/idf/project-loader.ts';
import { parseProjectDescription } from '../../../src/idf/project-description.ts';
import { parseSdkconfig } from '../../../src/idf/sdkconfig.ts';
import { findNames } from '../../../src/idf/source-search.ts';
import { nextVersion } from '../../../src/idf/version-bump.ts';
import { resolveVersion } from '../../../src/idf/version.ts';
import { FIXTURES } from './project-folder.ts';

const numRuns = Number(process.env['ESP32_OTA_FUZZ_RUNS'] ?? 2000);
const timeout = 30_000 + numRuns * 10;

const fixture = (name: string): Promise<string> => readFile(join(FIXTURES, name), 'utf8');
const SEEDS = {
  sdkconfig: await fixture('v6.0/sdkconfig'),
  cmake: (await fixture('v5.3/CMakeLists.txt')) + (await fixture('v5.3/main/CMakeLists.txt')),
  description: await fixture('v5.5/build/project_description.json'),
  flasherArgs: await fixture('v5.3/build/flasher_args.json'),
  buildConfig: await fixture('v5.5/build/config/sdkconfig.json'),
  source: await fixture('v5.5/main/main.c'),
  versionTxt: '1.2.3\r\nmore\n',
};

/** A real text with a piece cut out, put in or doubled; or any text at all. */
function mangled(seed: string): fc.Arbitrary<string> {
  const place = fc.nat({ max: seed.length });
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '"',
      '\\',
      '(',
      ')',
      '[[',
      ']]',
      '[=[',
      '${',
      '#',
      '\n',
      '\r',
      '\0',
      '\uFEFF',
      '{',
      '}',
      '/*',
      '*/',
      "'",
      '-1',
      '1e999',
      '__proto__',
    ),
  );
  return fc.oneof(
    fc
      .tuple(place, place, piece)
      .map(([from, to, text]) => seed.slice(0, Math.min(from, to)) + text + seed.slice(Math.max(from, to))),
    fc.tuple(place, piece).map(([at, text]) => seed.slice(0, at) + text + seed.slice(at)),
    place.map((end) => seed.slice(0, end)),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.json(),
  );
}

/** A value, or an OtaError: nothing else. */
function isTotal(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!isOtaError(error)) throw error;
  }
}

describe('for any text', () => {
  it.each([
    ['sdkconfig', SEEDS.sdkconfig, (text: string): unknown => parseSdkconfig(text)],
    ['CMake', SEEDS.cmake, parseCmake],
    ['project_description.json', SEEDS.description, parseProjectDescription],
    ['flasher_args.json', SEEDS.flasherArgs, parseFlasherArgs],
    ['sdkconfig.json', SEEDS.buildConfig, parseBuildConfig],
    ['source', SEEDS.source, findNames],
    [
      'dependencies.lock',
      'dependencies:\n  idf:\n    source:\n      type: idf\n    version: 5.4.1\n',
      lockedIdfVersion,
    ],
    ['version', 'v5.4.4-dev-12-gabc', parseIdfVersion],
    [
      'version to raise',
      'v1.2.3-rc.1+5',
      (text: string) => nextVersion(text, 'git', { kind: 'prerelease', identifier: text }),
    ],
    ['version to type', '1.2.3', (text: string) => nextVersion('1', 'cmakeProject', { kind: 'typed', version: text })],
  ] as [string, string, (text: string) => unknown][])(
    'the %s parser gives a value or an OtaError',
    (_, seed, parse) => {
      fc.assert(
        fc.property(mangled(seed), (text) => {
          isTotal(() => parse(text));
        }),
        { numRuns },
      );
    },
    timeout,
  );

  it(
    'what follows from a configuration and CMake files is a value',
    () => {
      fc.assert(
        fc.property(
          mangled(SEEDS.sdkconfig),
          mangled(SEEDS.cmake),
          mangled(SEEDS.versionTxt),
          (sdkconfig, cmake, versionTxt) => {
            const content = parseSdkconfig(sdkconfig);
            const config = projectConfig({ path: '/p/sdkconfig', content }, [{ path: '/p/d', content }], undefined);
            const file = parseCmake(cmake);
            choosePartitionTable(config);
            readOtaConfig(config, undefined, content.entries.keys());
            idfBuildSystem(file);
            projectNameOf(file);
            listVariable(file, 'SDKCONFIG_DEFAULTS');
            embeddedFiles(file, '/p/main', '/p');
            for (const call of file.calls) call.arguments.forEach(literalOf);
            const version = resolveVersion({
              config,
              cmake: { path: '/p/CMakeLists.txt', file },
              versionTxt: { path: '/p/version.txt', text: versionTxt },
              gitDescription: versionTxt,
              built: { version: versionTxt, path: '/p/a.bin' },
            });
            expect(Buffer.byteLength(version.effective ?? '')).toBeLessThanOrEqual(33); // a cut character becomes U+FFFD
          },
        ),
        { numRuns: Math.ceil(numRuns / 4) },
      );
    },
    timeout,
  );

  it(
    'an argument of CMake is where it says',
    () => {
      fc.assert(
        fc.property(mangled(SEEDS.cmake), (text) => {
          for (const call of parseCmake(text).calls) {
            for (const argument of call.arguments) expect(text.slice(argument.start, argument.end)).toBe(argument.text);
          }
        }),
        { numRuns },
      );
    },
    timeout,
  );

  it(
    'a file name stays in its folder',
    () => {
      fc.assert(
        fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, version) => {
          expect(imageFileName(name, version, 'abcdef0123')).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._+-]*\.bin$/);
        }),
        { numRuns },
      );
    },
    timeout,
  );
});

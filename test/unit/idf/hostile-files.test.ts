import { describe, expect, it } from 'vitest';
import { firmwareUrl } from '../../../src/doctor/firmware-url.ts';
import { parseBuildConfig } from '../../../src/idf/build-config.ts';
import { parseCmake, projectNameOf } from '../../../src/idf/cmake-file.ts';
import { parseFlasherArgs } from '../../../src/idf/flasher-args.ts';
import { parseIdfVersion } from '../../../src/idf/idf-version.ts';
import { parseProjectDescription } from '../../../src/idf/project-description.ts';
import { lockedIdfVersion } from '../../../src/idf/project-loader.ts';
import { editSdkconfig, parseSdkconfig } from '../../../src/idf/sdkconfig.ts';
import { findNames } from '../../../src/idf/source-search.ts';
import { cmakeStrings } from '../../../src/idf/version.ts';
import { findPemCertificates } from '../../../src/image/embedded-certificates.ts';
import { findUrls } from '../../../src/image/embedded-urls.ts';
import { parsePartitionCsv } from '../../../src/image/partition-csv.ts';
import { parsePythonInteger } from '../../../src/image/python-integer.ts';
import { isOtaError } from '../../../src/base/ota-error.ts';

/** Far longer than any real line, far shorter than the largest file that is read. */
const LENGTH = 30_000;

const BEGINNINGS = [
  '',
  'CONFIG_A="',
  '# CONFIG_A',
  'set(PROJECT_VER "',
  'project(',
  '[[',
  '/*',
  '"',
  'nvs, data, nvs, ',
  '{"a": "',
  'https://',
  '-----BEGIN CERTIFICATE-----\n',
];
const REPEATED = [
  ' ',
  '\n',
  '\r',
  'a',
  '0',
  '"',
  '\\',
  '\\"',
  '(',
  ')',
  '[',
  ']',
  '[=',
  '${',
  '#',
  ',',
  '\t,',
  '/',
  '/*',
  '*/',
  '//',
  '=',
  '.',
  '1.',
  '-',
  '_',
  'A=',
  '{',
  '\\\n',
  '%',
  '0x',
  '-----BEGIN CERTIFICATE-----\n',
  'http://',
  'esp_https_ota(',
  'é',
];

const bytes = (text: string): Uint8Array => Buffer.from(text);
const READERS: readonly (readonly [string, (text: string) => unknown])[] = [
  ['parseSdkconfig', parseSdkconfig],
  ['editSdkconfig', (text) => editSdkconfig(text, new Map([['CONFIG_A', 'b']]))],
  ['parseBuildConfig', parseBuildConfig],
  ['parseCmake', (text) => projectNameOf(parseCmake(text))],
  ['cmakeStrings', cmakeStrings],
  ['parsePartitionCsv', (text) => parsePartitionCsv(text)],
  ['parseProjectDescription', parseProjectDescription],
  ['parseFlasherArgs', parseFlasherArgs],
  ['findNames', findNames],
  ['lockedIdfVersion', lockedIdfVersion],
  ['parseIdfVersion', parseIdfVersion],
  ['firmwareUrl', firmwareUrl],
  ['parsePythonInteger', parsePythonInteger],
  ['findUrls', (text) => findUrls(bytes(text))],
  ['findPemCertificates', (text) => findPemCertificates(bytes(text))],
];

describe('a file of a project that was made to take long', () => {
  // a few milliseconds each; a pattern that tries every way through one would take minutes
  it.each(READERS)(
    'is read or refused by %s in time that grows with its length',
    (_name, read) => {
      let slowest = { ms: 0, text: '' };
      for (const beginning of BEGINNINGS) {
        for (const part of REPEATED) {
          const text = `${beginning}${part.repeat(Math.ceil(LENGTH / part.length))}`;
          const started = performance.now();
          try {
            read(text);
          } catch (error) {
            if (!isOtaError(error)) throw error;
          }
          const ms = performance.now() - started;
          if (ms > slowest.ms) slowest = { ms, text: text.slice(0, 40) };
        }
      }
      expect(slowest.ms, slowest.text).toBeLessThan(1000);
    },
    60_000,
  );

  it.each([
    ['numbers in one line', '1.'.repeat(2_000_000)],
    ['one argument', `project(${'a'.repeat(4_000_000)}`],
    ['quotes within quotes', `set(X "${'\\"'.repeat(2_000_000)}`],
    ['calls within calls', 'x('.repeat(2_000_000)],
  ])(
    'is read by parseCmake without an end of its stack: %s',
    (_what, text) => {
      expect(parseCmake(text).calls.length).toBeLessThan(2_000_000);
    },
    20_000,
  );

  it('is read by parsePartitionCsv, however many braces are open', () => {
    expect(parsePartitionCsv('"${'.repeat(1_000_000)).partitions).toEqual([]);
  }, 20_000);

  it('takes no variable from the names that every object has', () => {
    const { partitions } = parsePartitionCsv('${constructor}, data, nvs, 0x9000, 0x6000', { environment: {} });
    expect(partitions.map(({ label }) => label)).toEqual(['${constructor}']);
  });
});

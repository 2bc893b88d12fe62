import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseImage } from '../../../src/image/app-image.ts';
import { chipName } from '../../../src/image/chips.ts';
import { findPemCertificates } from '../../../src/image/embedded-certificates.ts';
import { findUrls } from '../../../src/image/embedded-urls.ts';
import { parseOtadata } from '../../../src/image/otadata.ts';
import { formatPartitionCsv, readPartitionCsv } from '../../../src/image/partition-csv.ts';
import { encodePartitionTable, parsePartitionTable } from '../../../src/image/partition-table.ts';
import { recogniseFile } from '../../../src/image/recognise-file.ts';
import { verifyImage } from '../../../src/image/verify-image.ts';
import { codeOf } from './code-of.ts';

/** A row of `images/facts.tsv`, by column name: what Espressif's own tools say about the file. An empty cell says nothing. */
type Facts = ReadonlyMap<string, string>;

const corpus = process.env['ESP32_OTA_CORPUS'] ?? '';
const folder = corpus === '' ? '' : join(corpus, 'images');

function readFacts(): Facts[] {
  const path = join(folder, 'facts.tsv');
  if (folder === '' || !existsSync(path)) return [];
  const [head = '', ...lines] = readFileSync(path, 'utf8').split(/\r?\n/);
  const names = head.split('\t');
  return lines.filter(Boolean).map((line) => {
    const cells = line.split('\t');
    return new Map(names.map((name, index) => [name, cells[index]?.trim() ?? '']));
  });
}

function listFiles(): string[] {
  if (folder === '' || !existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => !name.endsWith('.tsv') && !name.endsWith('.md'));
}

const facts = readFacts();
const files = listFiles();

function size(text: string): number {
  const match = /^(\d+)(KB|MB)$/.exec(text);
  return Number(match?.[1]) * (match?.[2] === 'MB' ? 0x100000 : 0x400);
}

/** Every fact that is given, in the words of the facts file, next to what we read. */
function compare(bytes: Uint8Array, fact: Facts): void {
  const { header, segments, checksum, digest, description, bootloader } = parseImage(bytes);
  const read: Record<string, unknown> = {
    chip: chipName(header.chipId),
    chip_id: String(header.chipId),
    segments: String(segments.length),
    entry: `0x${header.entryAddress.toString(16)}`,
    flash_mode: String(header.spiMode).toUpperCase(),
    checksum: checksum.stored === checksum.computed ? 'valid' : 'invalid',
    hash: digest === undefined ? '' : digest.stored === digest.computed ? 'valid' : 'invalid',
    project: description?.projectName,
    app_version: description?.version,
    idf: description?.idfVersion ?? bootloader?.idfVersion,
    compile_time: description === undefined ? undefined : `${description.date} ${description.time}`,
    secure_version: description === undefined ? undefined : String(description.secureVersion),
    elf_sha_16: description?.elfSha256.slice(0, 16),
    bootloader_version: bootloader === undefined ? undefined : String(bootloader.version),
  };
  const given = Object.keys(read).filter((name) => (fact.get(name) ?? '') !== '');
  expect(Object.fromEntries(given.map((name) => [name, read[name]]))).toEqual(
    Object.fromEntries(given.map((name) => [name, fact.get(name)])),
  );
  const flashSize = fact.get('flash_size') ?? '';
  if (flashSize !== '') expect(header.flashSizeBytes).toBe(size(flashSize));
}

describe('the corpus of real images', () => {
  // Plain conditions and not `runIf`: nothing is reported as skipped, with a corpus or without.
  if (corpus === '') {
    it('says "no corpus" when ESP32_OTA_CORPUS is unset', () => {
      expect(files).toEqual([]);
    });
    return;
  }

  it('has files, and facts about them', () => {
    expect(files.length).toBeGreaterThan(0);
    expect(facts.map((fact) => fact.get('file')).filter((name) => !files.includes(name ?? ''))).toEqual([]);
  });

  for (const fact of facts) {
    const name = fact.get('file') ?? '';
    const bytes = readFileSync(join(folder, name));

    it(`${name}: the bytes are those that the facts are about`, () => {
      expect(bytes.length).toBe(Number(fact.get('size')));
      expect(createHash('sha256').update(bytes).digest('hex').slice(0, 16)).toBe(fact.get('sha256_16'));
    });

    if (fact.get('kind') === 'image') {
      it(`${name}: reads what Espressif's tools read, and passes verification`, () => {
        compare(bytes, fact);
        const failed = verifyImage(bytes).filter(({ outcome }) => outcome === 'failed');
        expect(failed).toEqual([]);
        expect(recogniseFile(bytes).kind).toBe(name.includes('bootloader') ? 'bootloader' : 'app');
      });
    } else if (fact.get('kind') === 'partition table') {
      it(`${name}: goes through CSV and back to the same bytes`, () => {
        expect(recogniseFile(bytes).kind).toBe('partitionTable');
        const { partitions, hasMd5 } = parsePartitionTable(bytes);
        const back = encodePartitionTable(readPartitionCsv(formatPartitionCsv(partitions)), { md5: hasMd5 });
        expect(Buffer.from(back).equals(bytes)).toBe(true);
      });
    } else {
      it(`${name}: is no image, and has a name`, () => {
        expect(codeOf(() => parseImage(bytes))).toMatch(/^image\./);
        expect(recogniseFile(bytes).kind).not.toMatch(/^(?:app|bootloader|unknown)$/);
      });
    }
  }

  it('every parser ends in a value or a coded error on every file', () => {
    for (const name of files) {
      const bytes = readFileSync(join(folder, name));
      for (const parse of [parseImage, parsePartitionTable, parseOtadata]) codeOf(() => parse(bytes));
      codeOf(() => readPartitionCsv(bytes.toString('utf8')));
      for (const look of [verifyImage, recogniseFile, findPemCertificates, findUrls]) expect(look(bytes)).toBeDefined();
    }
  });
});

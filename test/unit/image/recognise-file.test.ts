import { describe, expect, it } from 'vitest';
import { recogniseFile } from '../../../src/image/recognise-file.ts';
import { makeApp, makeBootloader, makeImage, makeTable, makeTableRow } from '../../support/make-image.ts';

const table = makeTable([makeTableRow(1, 2, 0x9000, 0x6000, 'nvs'), makeTableRow(0, 0x10, 0x20000, 0x100000, 'ota_0')]);

function flash(...parts: readonly (readonly [offset: number, bytes: Uint8Array])[]): Buffer {
  const end = Math.max(...parts.map(([offset, bytes]) => offset + bytes.length));
  const bytes = Buffer.alloc(end, 0xff);
  for (const [offset, part] of parts) bytes.set(part, offset);
  return bytes;
}

describe('recogniseFile', () => {
  it('knows an application, whole or cut off', () => {
    const bytes = makeApp({ chipId: 9, version: '2.0.0' });
    expect(recogniseFile(bytes)).toMatchObject({
      kind: 'app',
      chipId: 9,
      isComplete: true,
      description: { version: '2.0.0' },
    });
    expect(recogniseFile(bytes.subarray(0, 700))).toMatchObject({ kind: 'app', isComplete: false });
    expect(recogniseFile(bytes.subarray(0, 100))).toEqual({ kind: 'app', chipId: 9, isComplete: false });
  });

  it('knows an application without description by what it maps from flash (NuttX)', () => {
    const segments = [
      { loadAddress: 0x3ffb0000, data: Buffer.alloc(64) },
      { loadAddress: 0x400d0060 + 8, data: Buffer.alloc(64) },
    ];
    expect(recogniseFile(makeImage({ segments }))).toEqual({ kind: 'app', chipId: 0, isComplete: true });
  });

  it('knows an application that loads its first part to memory and maps the rest itself (Zephyr)', () => {
    const loader = makeImage({ chipId: 5, segments: [{ loadAddress: 0x3fc80000, data: Buffer.alloc(4096) }] });
    expect(recogniseFile(flash([0, loader], [0x20000, Buffer.alloc(1000, 1)]))).toEqual({
      kind: 'app',
      chipId: 5,
      isComplete: true,
    });
  });

  it('knows a bootloader, with its description and without', () => {
    expect(recogniseFile(makeBootloader(9, 'v5.5'))).toMatchObject({
      kind: 'bootloader',
      chipId: 9,
      description: { idfVersion: 'v5.5' },
    });
    expect(recogniseFile(makeBootloader(0, ''))).toEqual({ kind: 'bootloader', chipId: 0 });
  });

  it('knows a merged image of the whole flash, whatever the chip', () => {
    const app = makeApp();
    expect(recogniseFile(flash([0x1000, makeBootloader(0)], [0x8000, table], [0x20000, app]))).toEqual({
      kind: 'mergedFlash',
      chipId: 0,
      flashOffset: 0,
      tableOffset: 0x8000,
    });
    expect(recogniseFile(flash([0, makeBootloader(5)], [0xd000, table]))).toMatchObject({
      flashOffset: 0,
      tableOffset: 0xd000,
    });
    expect(recogniseFile(flash([0x2000, makeBootloader(0x12)], [0x8000, table]))).toMatchObject({
      kind: 'mergedFlash',
      flashOffset: 0,
      tableOffset: 0x8000,
    });
  });

  it('knows a merged image that begins with the bootloader at its flash offset', () => {
    expect(recogniseFile(flash([0, makeBootloader(0, '')], [0x7000, table]))).toEqual({
      kind: 'mergedFlash',
      chipId: 0,
      flashOffset: 0x1000,
      tableOffset: 0x8000,
    });
    expect(recogniseFile(flash([0, makeBootloader(0x17)], [0x6000, table]))).toMatchObject({
      kind: 'mergedFlash',
      flashOffset: 0x2000,
      tableOffset: 0x8000,
    });
  });

  it('does not take an application with a table behind it for a merged image', () => {
    expect(recogniseFile(flash([0, makeApp()], [0x8000, table])).kind).toBe('app');
  });

  it('knows a partition table and otadata', () => {
    expect(recogniseFile(table)).toEqual({ kind: 'partitionTable', partitionCount: 2, hasMd5: true });
    const otadata = Buffer.alloc(0x2000, 0xff);
    Buffer.from('01000000ffffffffffffffffffffffffffffffffffffffffffffffff9a984347', 'hex').copy(otadata);
    expect(recogniseFile(otadata)).toEqual({ kind: 'otadata', sequences: [1] });
  });

  it('knows encrypted and delta containers', () => {
    const encrypted = Buffer.alloc(600, 1);
    encrypted.writeUInt32LE(0x0788b6cf, 0);
    encrypted.writeUInt32LE(88, 404);
    expect(recogniseFile(encrypted)).toEqual({ kind: 'preEncrypted', scheme: 'rsa-3072', contentBytes: 88 });
    encrypted.writeUInt32LE(0x5b61eca0, 0);
    expect(recogniseFile(encrypted)).toMatchObject({ scheme: 'ecies-p256' });
    const delta = Buffer.alloc(100, 0xab);
    delta.writeUInt32LE(0xfccdde10, 0);
    expect(recogniseFile(delta)).toEqual({ kind: 'delta', baseDigest: 'ab'.repeat(32) });
  });

  it('knows packed updates, alone or behind the header of the application', () => {
    const packed = Buffer.alloc(60);
    packed.write('ESP\0\u0003', 0, 'latin1');
    packed.writeUInt32LE(20, 16);
    expect(recogniseFile(packed)).toEqual({
      kind: 'compressed',
      container: 'espressif',
      hasAppHeader: false,
      headerVersion: 3,
      contentBytes: 20,
    });
    const header = Buffer.from(makeApp().subarray(0, 288));
    header.writeUInt8(0, 1);
    expect(recogniseFile(Buffer.concat([header, packed]))).toMatchObject({ kind: 'compressed', hasAppHeader: true });
  });

  it.each([
    ['gzip', [0x1f, 0x8b, 8, 0]],
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0]],
    ['zip', [0x50, 0x4b, 3, 4]],
  ])('knows %s', (container, bytes) => {
    expect(recogniseFile(Uint8Array.from(bytes))).toEqual({ kind: 'compressed', container, hasAppHeader: false });
  });

  it('knows ELF files of both architectures', () => {
    const elf = Buffer.alloc(64);
    elf.write('\x7fELF', 0, 'latin1');
    for (const [machine, name] of [
      [94, 'xtensa'],
      [243, 'riscv'],
      [62, 62],
    ] as const) {
      elf.writeUInt16LE(machine, 18);
      expect(recogniseFile(elf)).toEqual({ kind: 'elf', machine: name });
    }
  });

  it('knows text: a page that a server answered with, JSON', () => {
    expect(recogniseFile(Buffer.from('\n <!DOCTYPE HTML>\n<html>')).kind).toBe('html');
    expect(recogniseFile(Buffer.from('<html lang="en">')).kind).toBe('html');
    expect(recogniseFile(Buffer.from('{ "version": "1.0" }')).kind).toBe('json');
    expect(recogniseFile(Buffer.from('{ "version": ')).kind).toBe('unknown');
  });

  it('knows what is empty, erased or none of these', () => {
    expect(recogniseFile(new Uint8Array())).toEqual({ kind: 'empty' });
    expect(recogniseFile(new Uint8Array(8192).fill(0xff))).toEqual({ kind: 'erased', fill: 0xff, lengthBytes: 8192 });
    expect(recogniseFile(new Uint8Array(10))).toMatchObject({ kind: 'erased', fill: 0 });
    expect(recogniseFile(Buffer.from('hello'))).toEqual({ kind: 'unknown', firstBytes: '68656c6c6f' });
    expect(recogniseFile(Uint8Array.of(0xe9, 1, 2, 3))).toMatchObject({ kind: 'app', isComplete: false });
    expect(recogniseFile(Buffer.alloc(32, 0xe9)).kind).toBe('unknown');
  });
});

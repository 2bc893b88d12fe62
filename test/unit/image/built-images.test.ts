import { describe, expect, it } from 'vitest';
import { parseImage } from '../../../src/image/app-image.ts';
import { chipByTarget } from '../../../src/image/chips.ts';
import { imageTrusts } from '../../../src/image/embedded-certificates.ts';
import { findUrls } from '../../../src/image/embedded-urls.ts';
import { parseOtadata } from '../../../src/image/otadata.ts';
import { recogniseFile } from '../../../src/image/recognise-file.ts';
import { verifyImage } from '../../../src/image/verify-image.ts';
import {
  appendSignature,
  CHIPS,
  makeAppImage,
  makeBootloaderImage,
  makeOtadata,
  makePartitionTable,
  mergeFlash,
} from '../../support/firmware.ts';
import { makeCertificate } from '../../support/make-certificate.ts';

const targets = Object.keys(CHIPS);
const table = makePartitionTable([{ label: 'factory', type: 0, subtype: 0, offset: 0x20000, size: 0x100000 }]);

describe('images of the example build', () => {
  it('are made for chips that we know by the same names, ids and bootloader offsets', () => {
    expect(targets.length).toBeGreaterThan(10);
    for (const [target, { chipId, name, bootloaderOffset }] of Object.entries(CHIPS)) {
      expect(chipByTarget(target)).toMatchObject({ id: chipId, name, bootloaderOffset });
    }
  });

  it.each(targets)('pass as %s applications and bootloaders, and as the merged flash of both', (target) => {
    const chip = chipByTarget(target);
    const chipId = chip?.id ?? -1;
    const app = makeAppImage({ target, version: '3.2.1', totalSizeBytes: 0x40000 });
    const bootloader = makeBootloaderImage({ target });
    const old = makeBootloaderImage({ target, hasDescription: false });
    for (const image of [app, bootloader]) {
      const failed = verifyImage(image, { chipId }).filter(({ outcome }) => outcome === 'failed');
      expect(failed).toEqual([]);
    }
    expect(recogniseFile(app)).toMatchObject({ kind: 'app', chipId, description: { version: '3.2.1' } });
    expect(recogniseFile(makeAppImage({ target, hasDescription: false }))).toMatchObject({ kind: 'app', chipId });
    expect(recogniseFile(bootloader)).toMatchObject({ kind: 'bootloader', chipId });
    expect(recogniseFile(old)).toEqual({ kind: 'bootloader', chipId });
    for (const first of [bootloader, old]) {
      const offset = chip?.bootloaderOffset ?? -1;
      const parts = [
        { offset, bytes: first },
        { offset: 0xc000, bytes: table },
        { offset: 0x20000, bytes: app },
      ];
      const merged = { kind: 'mergedFlash', chipId, tableOffset: 0xc000 };
      expect(recogniseFile(mergeFlash(parts))).toEqual({ ...merged, flashOffset: 0 });
      expect(recogniseFile(mergeFlash(parts, { startOffset: offset }))).toEqual({ ...merged, flashOffset: offset });
    }
  });

  it('carry what is embedded in them', () => {
    const authority = makeCertificate('authority');
    const image = makeAppImage({
      embeddedFiles: [{ content: authority.pem }],
      strings: ['https://192.168.4.2:8070/app.bin'],
    });
    expect(imageTrusts(image, authority.pem)).toEqual({ trusted: true, how: 'pem' });
    expect(findUrls(image).map(({ url }) => url)).toContain('https://192.168.4.2:8070/app.bin');
  });

  it.each(['ecdsa-v1', 'rsa-v2', 'ecdsa-v2'] as const)('are recognised as signed with %s', (scheme) => {
    const count = scheme === 'ecdsa-v1' ? 1 : 3;
    const { signature } = parseImage(appendSignature(makeAppImage(), scheme, count));
    expect(signature).toMatchObject({ scheme, count });
    expect(signature?.blocks.every((block) => block.crcIsValid && block.digestMatches)).toBe(true);
  });

  it('have otadata with the entries that were asked for', () => {
    const [first, second] = parseOtadata(makeOtadata({ sequence: 5, state: 'valid' }, { sequence: 6, crc: 1 }));
    expect(first).toMatchObject({ sequence: 5, state: 'valid', isValid: true });
    expect(second).toMatchObject({ sequence: 6, state: 'undefined', crcIsValid: false });
  });
});

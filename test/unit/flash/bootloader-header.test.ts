import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { flashSizeOf, withFlashSettings } from '../../../src/flash/bootloader-header.ts';
import { assemble, CHIPS, chipFacts, makeBootloaderImage } from '../../support/firmware.ts';
import { caught } from '../../support/caught.ts';

describe('the flash settings in a bootloader', () => {
  it.each(Object.keys(CHIPS))('have the codes of the chip, and the digest is made anew: %s', (target) => {
    const bootloader = makeBootloaderImage({ target });
    // these three have no divider for 26 MHz
    const has26 = !['esp32c5', 'esp32c61', 'esp32s31'].includes(target);
    for (const [word, code] of Object.entries(chipFacts(target).flashFrequencies)) {
      if (word === '26m' && !has26) continue;
      const patched = withFlashSettings(
        bootloader,
        { flashMode: 'qio', flashFrequency: word, flashSize: '8MB' },
        target,
      );
      expect(patched[2]).toBe(0);
      expect(patched[3]).toBe(0x30 | code);
      const digest = createHash('sha256').update(patched.subarray(0, -32)).digest();
      expect(Buffer.from(patched.subarray(-32)).equals(digest)).toBe(true);
      expect(Buffer.from(patched.subarray(4, -32)).equals(bootloader.subarray(4, -32))).toBe(true);
    }
  });

  it('leave the bytes alone when nothing changes', () => {
    const bootloader = makeBootloaderImage({ target: 'esp32', flashMode: 'dio', flashSize: '4MB' });
    expect(withFlashSettings(bootloader, {}, 'esp32')).toBe(bootloader);
    expect(withFlashSettings(bootloader, { flashMode: 'keep', flashFrequency: 'keep' }, 'esp32')).toBe(bootloader);
    expect(withFlashSettings(bootloader, { flashMode: 'dio', flashSize: '4MB' }, 'esp32')).toBe(bootloader);
    expect(withFlashSettings(bootloader, { flashSize: 'detect' }, 'esp32')).toBe(bootloader);
  });

  it('take the size that was detected', () => {
    const bootloader = makeBootloaderImage({ target: 'esp32', flashSize: '4MB' });
    expect(withFlashSettings(bootloader, { flashSize: 'detect' }, 'esp32', 16 * 1024 * 1024)[3]).toBe(0x40);
  });

  it('leave bytes behind the image, and an image without a digest, as they are', () => {
    const image = assemble({ target: 'esp32', hashAppended: false }, [
      { address: 0x3fff0040, data: new Uint8Array(64) },
    ]);
    const patched = withFlashSettings(image, { flashMode: 'qio' }, 'esp32');
    expect(Buffer.from(patched.subarray(3)).equals(image.subarray(3))).toBe(true);
    const padded = Buffer.concat([makeBootloaderImage({ target: 'esp32' }), Buffer.alloc(64, 0xff)]);
    const changed = withFlashSettings(padded, { flashMode: 'qio' }, 'esp32');
    expect(changed.subarray(-64).every((byte) => byte === 0xff)).toBe(true);
    const digest = createHash('sha256').update(changed.subarray(0, -96)).digest();
    expect(digest.equals(changed.subarray(-96, -64))).toBe(true);
  });

  it('refuse words that the chip does not have', async () => {
    const bootloader = makeBootloaderImage({ target: 'esp32h2' });
    const { details } = await caught(
      () => withFlashSettings(bootloader, { flashFrequency: '80m' }, 'esp32h2'),
      'flash.badSetting',
    );
    expect(details).toEqual({ setting: 'frequency', value: '80m', chip: 'ESP32-H2' });
    await caught(() => withFlashSettings(bootloader, { flashMode: 'constructor' }, 'esp32h2'), 'flash.badSetting');
    await caught(() => withFlashSettings(bootloader, { flashSize: '3MB' }, 'esp32h2'), 'flash.badSetting');
    await caught(() => withFlashSettings(bootloader, { flashSize: '256MB' }, 'esp32h2'), 'flash.badSetting');
  });

  it('name sizes', () => {
    expect(flashSizeOf('4MB')).toBe(4 * 1024 * 1024);
    expect(flashSizeOf('512KB')).toBe(512 * 1024);
    for (const word of ['detect', 'keep', '', undefined]) expect(flashSizeOf(word)).toBeUndefined();
  });
});

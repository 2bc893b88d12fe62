import { describe, expect, it } from 'vitest';
import { parseImage } from '../../../src/image/app-image.ts';
import { restampImage } from '../../../src/image/restamp-image.ts';
import { verifyImage } from '../../../src/image/verify-image.ts';
import { caught } from '../../support/caught.ts';
import { makeApp, makeAppDescription, makeBootloader, makeImage, withSignatureV2 } from '../../support/make-image.ts';

describe('an image under another version', () => {
  it('is whole, has the version and another ELF digest, and no signature', () => {
    const image = makeApp({ version: '1.0.0' });
    const stamped = restampImage(withSignatureV2(image), '2.0.0-β');
    expect(stamped.length).toBe(image.length);
    expect(verifyImage(stamped).filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    const [before, after] = [parseImage(image).description, parseImage(stamped).description];
    expect(after).toEqual({ ...before, version: '2.0.0-β', elfSha256: after?.elfSha256 });
    expect(after?.elfSha256).not.toBe(before?.elfSha256);
  });

  it('is none without a description, or where the image ends before its end', async () => {
    await caught(() => restampImage(makeBootloader(), '2.0.0'), 'image.badMagic');
    await caught(() => restampImage(makeImage({ hashAppended: false }), '2.0.0'), 'image.truncated');
    const behind = Buffer.concat([makeImage({ hashAppended: false }), makeAppDescription()]);
    await caught(() => restampImage(behind, '2.0.0'), 'image.truncated');
  });

  it('has room for 31 bytes of version', async () => {
    expect(parseImage(restampImage(makeApp(), 'é'.repeat(15))).description?.version).toBe('é'.repeat(15));
    const { details } = await caught(() => restampImage(makeApp(), 'é'.repeat(16)), 'version.tooLong');
    expect(details).toEqual({ version: 'é'.repeat(16), lengthBytes: 32, maxBytes: 31 });
  });
});

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseImage } from '../../../src/image/app-image.ts';
import { hopsOf } from '../../../src/server/faults/faulted-answer.ts';
import {
  FAULT_IDS,
  FAULTS,
  faultProfile,
  isAllowed,
  needsHttps,
  numberOf,
  rangeOf,
} from '../../../src/server/faults/profiles.ts';
import {
  imageVersion,
  noise,
  otherChip,
  percentOf,
  retouchImage,
  versionAfter,
  versionBefore,
  withFlippedByte,
} from '../../../src/server/faults/retouched-image.ts';
import { makeApp, makeBootloader, withSignatureV2 } from '../../support/make-image.ts';

describe('profiles', () => {
  it('are one row for each id, in their order', () => {
    expect(FAULTS.map(({ id }) => id)).toEqual(FAULT_IDS);
    expect(new Set(FAULT_IDS).size).toBe(FAULT_IDS.length);
  });

  it('take their defaults, which are in their ranges', () => {
    for (const { id, parameters } of FAULTS) {
      const profile = faultProfile(id);
      expect(Object.keys(profile.parameters)).toEqual(parameters.map((one) => one.id));
      for (const parameter of parameters) expect(isAllowed(parameter, parameter.default)).toBe(true);
    }
  });

  it.each([
    ['cutBody', { percent: 0 }, 'percent', '1 – 99'],
    ['cutBody', { percent: 100 }, 'percent', '1 – 99'],
    ['cutBody', { percent: Number.NaN }, 'percent', '1 – 99'],
    ['cutBody', { percent: '50' }, 'percent', '1 – 99'],
    ['cutBody', { bytes: 50 }, 'bytes', ''],
    ['sameVersion', { version: 'x'.repeat(32) }, 'version', ''],
    ['sameVersion', { version: 1 }, 'version', ''],
    ['smallRecords', { bytes: 511 }, 'bytes', '512 – 16384'],
  ] as const)('%s %j is refused, naming the parameter and its range', (id, given, parameter, range) => {
    expect(() => faultProfile(id, given)).toThrow(
      expect.objectContaining({ code: 'server.faultParameter', details: { fault: id, parameter, range } }) as Error,
    );
  });

  it('give a parameter that was left out its default', () => {
    expect(numberOf({ id: 'stall', parameters: {} }, 'seconds')).toBe(30);
    expect(numberOf({ id: 'stall', parameters: {} }, 'bytes')).toBe(0);
    expect(rangeOf({ id: 'version', unit: 'version', default: '' })).toBe('');
  });

  it('say which of them need HTTPS', () => {
    expect(FAULT_IDS.filter(needsHttps)).toEqual([
      'redirectToHttp',
      'unknownAuthority',
      'wrongName',
      'expired',
      'tls13Only',
      'smallRecords',
    ]);
  });
});

it('are all in docs/faults.md', () => {
  const page = readFileSync('docs/faults.md', 'utf8');
  const named = FAULT_IDS.filter((id) => !page.includes(`\`${id}\``));
  expect(named).toEqual(['status403', 'status404', 'status500']); // within `status401` … `status503`
  expect(page.match(/^\| `/gm)).toHaveLength(FAULT_IDS.length - 4);
});

describe('an image with one thing changed', () => {
  const image = makeApp({ version: '1.2.3', projectName: 'app', chipId: 5 });

  it('has checksum and digest right again', () => {
    const changed = retouchImage(image, { chipId: 9, version: '9.9', projectName: 'other', hasOtherElf: true });
    const parsed = parseImage(changed ?? image);
    expect(parsed).toMatchObject({ header: { chipId: 9 }, description: { version: '9.9', projectName: 'other' } });
    expect(parsed.checksum.stored).toBe(parsed.checksum.computed);
    expect(parsed.digest?.stored).toBe(parsed.digest?.computed);
    expect(parsed.description?.elfSha256).not.toBe(parseImage(image).description?.elfSha256);
    expect(parseImage(image).description?.version).toBe('1.2.3');
  });

  it('needs no digest, and keeps what follows the image', () => {
    const plain = parseImage(retouchImage(makeApp({ hashAppended: false }), { version: '2' }) ?? image);
    expect(plain.digest).toBeUndefined();
    expect(plain.checksum.stored).toBe(plain.checksum.computed);
    const signed = withSignatureV2(image);
    const changed = retouchImage(signed, { version: '2' }) ?? signed;
    expect(changed.subarray(image.length)).toEqual(Uint8Array.from(signed.subarray(image.length)));
  });

  it('cuts a version to what firmware has room for', () => {
    expect(imageVersion(retouchImage(image, { version: '1'.repeat(40) }) ?? image)).toBe('1'.repeat(31));
    expect(imageVersion(retouchImage(image, { version: 'é'.repeat(16) }) ?? image)).toBe('é'.repeat(15));
  });

  it('is not made from what is no application image', () => {
    for (const bytes of [new Uint8Array(0), Buffer.from('<html>'), makeBootloader()]) {
      expect(retouchImage(bytes, { version: '1' })).toBeUndefined();
      expect(imageVersion(bytes)).toBeUndefined();
    }
  });

  it('gives a value for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, isCutImage) => {
        const input = isCutImage ? Uint8Array.from(image.subarray(0, bytes.length)) : bytes;
        retouchImage(input, { version: '1', chipId: 3 });
        expect(withFlippedByte(input, 50)).toHaveLength(input.length);
        expect(otherChip(input)).toBeTypeOf('number');
      }),
    );
  });

  it('is for any chip but its own', () => {
    expect(otherChip(makeApp({ chipId: 0 }))).toBe(2);
    expect(otherChip(makeApp({ chipId: 5 }))).toBe(0);
  });

  it('has one flipped bit, behind the description and before what follows the image', () => {
    const signed = withSignatureV2(image);
    for (const percent of [1, 50, 99]) {
      const flipped = withFlippedByte(signed, percent);
      const at = [...flipped.keys()].filter((index) => flipped[index] !== signed[index]);
      expect(at).toHaveLength(1);
      expect(at[0]).toBeGreaterThanOrEqual(288);
      expect(at[0]).toBeLessThan(image.length);
    }
  });
});

describe('versions', () => {
  it.each([
    ['1.2.3', '1.2.2'],
    ['1.2.0', '1.1.9'],
    ['2.0.0', '1.9.9'],
    ['v10', 'v9'],
    ['1.0.0-rc1', '1.0.0-rc0'],
    ['0.0.0', '0.0.0'],
    ['main', 'main'],
  ])('before %s comes %s', (version, before) => {
    expect(versionBefore(version)).toBe(before);
  });

  it.each([
    ['1.2.3', 4, '1.2.7'],
    ['v9', 1, 'v10'],
    ['1.0.0-rc1', 2, '1.0.0-rc3'],
    ['1.0-dirty', 1, '1.1-dirty'],
    ['main', 1, 'main.1'],
    ['', 2, '.2'],
  ])('%s and %i later is %s', (version, steps, after) => {
    expect(versionAfter(version, steps)).toBe(after);
  });
});

it('noise is the same for the same seed, and begins no image', () => {
  expect(noise(5000, 'a')).toEqual(noise(5000, 'a'));
  expect(Buffer.compare(noise(5000, 'a'), noise(5000, 'b'))).not.toBe(0);
  expect(noise(5000, 'a')[0]).toBe(0);
  expect(noise(0, 'a')).toHaveLength(0);
});

it('a part of nothing is at 0, and no part is the end', () => {
  expect(percentOf(0, 50)).toBe(0);
  expect(percentOf(1000, 99)).toBe(990);
  expect(percentOf(1, 99)).toBe(0);
});

it('counts the redirections that led to a request', () => {
  expect(hopsOf('/app.bin')).toBe(0);
  expect(hopsOf('/app.bin?redirected=2')).toBe(2);
  expect(hopsOf('/app.bin?a=1&redirected=12&b')).toBe(12);
  expect(hopsOf('/app.bin?redirected=x')).toBe(0);
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SigningScheme } from '../../src/virtual-board/image-signature.ts';
import { OtaBench, sha256, slotBytes } from '../support/ota-bench.ts';
import { makeSigningKeys, signImage, type SigningKeys } from '../support/sign-image.ts';

/** Espressif's `verify_app_signature_on_update` tests of simple_ota_example: signed images without secure boot in hardware. */
let bench: OtaBench;
let rsa: SigningKeys;
let ec: SigningKeys;

beforeAll(async () => {
  bench = await OtaBench.start();
  rsa = makeSigningKeys('rsa');
  ec = makeSigningKeys('ec');
});

afterAll(() => bench.dispose());

const keysOf = (kind: SigningScheme['kind']): SigningKeys => (kind === 'rsa-v2' ? rsa : ec);

function schemeOf(kind: SigningScheme['kind']): SigningScheme {
  return kind === 'ecdsa-v1'
    ? { kind, publicKeyPem: ec.publicKey.export({ type: 'spki', format: 'pem' }).toString() }
    : { kind };
}

/** A board whose running application is signed and wants signed updates. */
function signedBoard(kind: SigningScheme['kind'], url: string, target: string): ReturnType<OtaBench['board']> {
  const board = bench.board({ firmwareUrl: url, signing: schemeOf(kind) }, { target });
  board.flash.replace(0x20000, signImage(bench.image({ version: '1.0.0' }, { target }), kind, keysOf(kind)));
  return board;
}

describe('verify_app_signature_on_update', () => {
  it.each([
    ['S4', 'ecdsa-v1', 'esp32', []],
    [
      'S5',
      'rsa-v2',
      'esp32',
      ['#0 app key digest == #0 trusted key digest', 'Verifying with RSA-PSS...', 'Signature verified successfully!'],
    ],
    [
      'S6',
      'ecdsa-v2',
      'esp32c5',
      ['#0 app key digest == #0 trusted key digest', 'Verifying with ECDSA...', 'Signature verified successfully!'],
    ],
  ] as const)('%s %s', async (row, kind, target, lines) => {
    const image = signImage(bench.image({}, { target }), kind, keysOf(kind));
    const board = signedBoard(kind, bench.publish(row, image), target);
    board.powerOn();
    await board.runUntil('Writing to <ota_1> partition at offset 0x1d0000');
    await board.runUntil('Verifying image signature...');
    for (const line of lines) await board.runUntil(line);
    await board.runUntil('OTA Succeed, Rebooting...');
    await board.runUntil('App version:      1.1.0');
    expect(await bench.verdict(board)).toBe('delivered');
    expect(sha256(slotBytes(board, 'ota_1', image.length))).toBe(sha256(image));
  });

  it.each(['ecdsa-v1', 'rsa-v2', 'ecdsa-v2'] as const)('%s: an unsigned image is refused', async (kind) => {
    const board = signedBoard(kind, bench.publish(`unsigned-${kind}`, bench.image()), 'esp32');
    board.powerOn();
    await board.runUntil('Secure boot signature verification failed');
    await board.runUntil('image valid, signature bad');
    await board.runUntil('Firmware upgrade failed');
    expect(await bench.verdict(board)).toBe('refused: signature');
  });

  it.each(['ecdsa-v1', 'rsa-v2', 'ecdsa-v2'] as const)('%s: another key is refused', async (kind) => {
    const stranger = makeSigningKeys(kind === 'rsa-v2' ? 'rsa' : 'ec');
    const image = signImage(bench.image(), kind, stranger);
    const board = signedBoard(kind, bench.publish(`stranger-${kind}`, image), 'esp32');
    board.powerOn();
    await board.runUntil('Secure boot signature verification failed');
    expect(await bench.verdict(board)).toBe('refused: signature');
  });

  it('a signature that was copied from another image is refused', async () => {
    const signed = signImage(bench.image(), 'rsa-v2', rsa);
    const forged = Buffer.concat([bench.image({ version: '6.6.6' }), signed.subarray(64 * 1024)]);
    const board = signedBoard('rsa-v2', bench.publish('forged', forged), 'esp32');
    board.powerOn();
    await board.runUntil('Secure boot signature verification failed');
    expect(await bench.verdict(board)).toBe('refused: signature');
  });

  it('a signed image is fine for a board that asks for no signature', async () => {
    const board = bench.board({ firmwareUrl: bench.publish('extra', signImage(bench.image(), 'rsa-v2', rsa)) });
    board.powerOn();
    await board.runUntil('OTA Succeed, Rebooting...');
    expect(await bench.verdict(board)).toBe('delivered');
  });
});

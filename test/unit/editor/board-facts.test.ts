import { describe, expect, it } from 'vitest';
import { imageFindings } from '../../../src/doctor/checks/image.ts';
import { boardFactsOf } from '../../../src/editor/board-facts.ts';
import type { ChipSlots } from '../../../src/flash/slots.ts';
import { readAppDescription } from '../../../src/image/app-description.ts';
import { chooseBootSlot } from '../../../src/image/boot-choice.ts';
import { parseOtadata } from '../../../src/image/otadata.ts';
import { otaSlots } from '../../../src/image/partition-table.ts';
import { makeApp } from '../../support/make-image.ts';
import { factsOf } from '../doctor/project-facts.ts';

const CHIP = { chip: 'ESP32-S3', revision: 'v0.2', mac: '', flashSizeBytes: 0x20_0000 };

/** What a board has that runs the first slot, which has secure version 3. */
async function slots(state: 'valid' | 'pendingVerify'): Promise<ChipSlots> {
  const { partitions } = (await factsOf('v5.5')).project.partitionTable;
  const [partition] = otaSlots(partitions);
  const description = readAppDescription(makeApp({ secureVersion: 3, version: '1.2.3' }).subarray(0, 288));
  if (partition === undefined || description === undefined) throw new Error('the fixture has no slots');
  return {
    tableOffset: 0x8000,
    partitions,
    slots: [{ partition, description, state, isNext: true }],
    boot: chooseBootSlot(parseOtadata(new Uint8Array(0x2000).fill(0xff)), [partition], { rollbackEnabled: true }),
    rollbackEnabled: true,
    bytesRead: 0,
    readAtMs: 0,
  };
}

describe('what is known of a board', () => {
  it('is nothing before anything was read of it', () => {
    expect(boardFactsOf(undefined, undefined)).toBeUndefined();
  });

  it('is chip, revision and flash as the chip says them', () => {
    expect(boardFactsOf(CHIP, undefined)).toEqual({ chip: 'esp32s3', chipRevision: 2, flashSizeBytes: 0x20_0000 });
  });

  it('is the version and the secure version of the application that runs and has confirmed itself', async () => {
    expect(boardFactsOf(CHIP, await slots('valid'))).toMatchObject({ runningVersion: '1.2.3', secureVersion: 3 });
    expect(boardFactsOf(CHIP, await slots('pendingVerify'))).not.toHaveProperty('secureVersion');
  });

  it('makes an image with a lower secure version one that the board refuses', async () => {
    const board = boardFactsOf(undefined, await slots('valid'));
    const found = async (secureVersion: number) => {
      const facts = await factsOf('v5.5', {
        files: { 'build/simple_ota.bin': makeApp({ secureVersion, extra: Buffer.from('esp_https_ota\0') }) },
        config: ['CONFIG_BOOTLOADER_APP_ROLLBACK_ENABLE=y', 'CONFIG_BOOTLOADER_APP_ANTI_ROLLBACK=y'],
      });
      return imageFindings({ ...facts, ...(board === undefined ? {} : { board: { ...board } }) });
    };
    expect((await found(2)).find(({ id }) => id === 'image-secure-version')).toMatchObject({
      severity: 'error',
      details: { found: 2, minimum: 3 },
    });
    expect((await found(3)).map(({ id }) => id)).not.toContain('image-secure-version');
  });
});

import { describe, expect, it } from 'vitest';
import { isOtaError } from '../../../src/base/ota-error.ts';
import { efuseRegisters } from '../../../src/virtual-board/loader/efuse-words.ts';
import { loaderChip } from '../../../src/virtual-board/loader/loader-chips.ts';
import { inDownloadMode, words } from '../../support/loader-talk.ts';

const MAC = '7c:df:a1:01:02:03';

describe('the registers a host knows a chip by', () => {
  it('hold the MAC address with its last four bytes first', () => {
    const found = efuseRegisters(loaderChip('esp32s3'), MAC, 2);
    expect(found.get(0x60007044)).toBe(0xa1010203);
    expect(found.get(0x60007048)).toBe(0x7cdf);
  });

  it.each([
    ['esp32c3', 108, 0x60008844 + 12, 0, 0x60008844 + 20, (1 << 23) | (1 << 24)],
    ['esp32s2', 109, 0x3f41a044 + 16, 1 << 4, 0x3f41a044 + 12, (1 << 18) | (1 << 20)],
    ['esp32p4', 502, 0x5012d044 + 8, 2 | (1 << 4) | (1 << 23), 0x5012d044 + 12, undefined],
    ['esp32c6', 109, 0x600b0844 + 12, (9 << 18) | (1 << 22), 0x600b0844 + 16, undefined],
  ])(
    'keep the parts of the revision of an %s where they belong',
    (chip, revision, first, firstWord, second, secondWord) => {
      const found = efuseRegisters(loaderChip(chip), MAC, revision);
      expect(found.get(first)).toBe(firstWord);
      expect(found.get(second)).toBe(secondWord);
    },
  );

  it.each([
    [0, 0x7cdf, 0, 0],
    [100, 0x7cdf, 1 << 15, 0],
    [201, 0x7cdf, 1 << 15, (1 << 20) | (1 << 24)],
  ])('count the revision %i of an ESP32 bit by bit', (revision, mac, word2, word4) => {
    const found = efuseRegisters(loaderChip('esp32'), MAC, revision);
    expect((found.get(0x3ff5a008) ?? 0) & 0xffff).toBe(mac);
    expect((found.get(0x3ff5a00c) ?? 0) & (1 << 15)).toBe(word2);
    expect(found.get(0x3ff5a014)).toBe(word4);
  });

  it('refuse what is no chip and no MAC address', () => {
    for (const make of [() => loaderChip('esp8266'), () => efuseRegisters(loaderChip('esp32'), 'my board', 0)]) {
      let error: unknown;
      try {
        make();
      } catch (thrown) {
        error = thrown;
      }
      expect(isOtaError(error, 'board.badSetup')).toBe(true);
    }
  });

  it('write only the bits of the mask, and never the magic number', async () => {
    const { talk } = inDownloadMode();
    await talk.ask(0x09, words(0x60001000, 0x12345678, 0xffffffff, 0));
    await talk.ask(0x09, words(0x60001000, 0xffffffff, 0x0000ff00, 0, 0x40001000, 5, 0xffffffff, 0));
    expect((await talk.ask(0x0a, words(0x60001000))).value).toBe(0x1234ff78);
    expect((await talk.ask(0x0a, words(0x40001000))).value).toBe(0x1b31506f);
  });

  it('divide the crystal by the rate in force', async () => {
    const { talk } = inDownloadMode({ chip: 'esp32' });
    await talk.sync();
    expect((await talk.ask(0x0a, words(0x3ff40014))).value).toBe(347);
    await talk.ask(0x0f, words(921600, 0));
    talk.end.setBaud(921600);
    expect((await talk.ask(0x0a, words(0x3ff40014))).value).toBe(43);
  });
});

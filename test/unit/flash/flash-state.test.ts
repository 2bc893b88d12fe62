import { describe, expect, it } from 'vitest';
import { FlashLedger } from '../../../src/flash/flash-state.ts';
import { ByteMeter, type FlashProgress } from '../../../src/flash/progress.ts';

const app = { offset: 0x10000, lengthBytes: 5000 };
const table = { offset: 0x8000, lengthBytes: 3072 };

describe('the state of the flash', () => {
  it('is untouched until something is', () => {
    expect(new FlashLedger([app, table]).state()).toEqual({ kind: 'untouched' });
    expect(new FlashLedger([]).state()).toEqual({ kind: 'untouched' });
  });

  it('has what may have changed, in whole sectors, joined', () => {
    const ledger = new FlashLedger([app, table]);
    ledger.touch(0x10000, 100);
    ledger.touch(0x11000, 5000);
    ledger.touch(0x8000, 1);
    expect(ledger.state()).toEqual({
      kind: 'partlyWritten',
      regions: [
        { offset: 0x8000, lengthBytes: 0x1000 },
        { offset: 0x10000, lengthBytes: 0x3000 },
      ],
    });
  });

  it('is verified when the chip said so of everything, and not before', () => {
    const ledger = new FlashLedger([app, table]);
    ledger.touch(app.offset, app.lengthBytes);
    ledger.wrote(app);
    ledger.verified(app);
    expect(ledger.state().kind).toBe('partlyWritten');
    ledger.wrote(table);
    expect(ledger.state().kind).toBe('notVerified');
    ledger.verified(table);
    expect(ledger.state()).toEqual({ kind: 'verified', regions: [app, table] });
  });
});

describe('a meter', () => {
  it('tells pace and time left from what took work', () => {
    let nowMs = 0;
    const said: FlashProgress[] = [];
    const meter = new ByteMeter(
      'writing',
      1000,
      (progress) => said.push(progress),
      () => nowMs,
    );
    meter.add(500, 'app', true);
    expect(said.at(-1)).toEqual({ phase: 'writing', file: 'app', doneBytes: 500, totalBytes: 1000 });
    nowMs = 1000;
    meter.add(100, 'app');
    expect(said.at(-1)).toMatchObject({ doneBytes: 600, bytesPerSecond: 100, leftMs: 4000 });
    meter.add(9999);
    expect(said.at(-1)?.doneBytes).toBe(1000);
    meter.setDone(200);
    expect(meter.doneBytes).toBe(200);
  });
});

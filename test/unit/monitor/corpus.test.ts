import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { BoardView } from '../../../src/monitor/board-view.ts';
import { ConsoleFollower } from '../../../src/monitor/console-follower.ts';
import { createLineSplitter } from '../../../src/monitor/line-splitter.ts';
import type { StageEvent } from '../../../src/monitor/stages.ts';

const corpus = process.env['ESP32_OTA_CORPUS'];
const folder = corpus === undefined ? undefined : join(corpus, 'consoles');

/** What a person reads in the consoles that the corpus of this project has; others are only followed. */
const FACTS: Readonly<Record<string, { failures?: string[]; stages?: string[]; view?: object; proofs?: object[] }>> = {
  'esp32-bootfail-chip-revision.log': {
    failures: ['chipRevision', 'slotNotBootable', 'imageEmpty', 'nothingBootable'],
    view: { flashSize: '4MB' },
  },
  'esp32-bootfail-corrupt-app.log': { failures: ['imageChecksum', 'slotNotBootable', 'nothingBootable'] },
  'esp32-bootfail-partition-exceeds-flash.log': { failures: ['partitionBeyondFlash', 'partitionTableInvalid'] },
  'esp32-idf-blink.log': {
    failures: [],
    stages: ['appStarted', 'notice'],
    view: { runningLabel: 'factory', app: { project: 'blink', version: '1', elfSha256: 'c402c9dfdb85d1a6' } },
  },
  'esp32c3-idf-blink.log': {
    failures: [],
    stages: ['appStarted'],
    view: { runningLabel: 'factory', flashSize: '4MB', chipRevision: '0.3', app: { project: 'blink' } },
  },
  'esp32-micropython-https-ota.log': { failures: ['imageChecksum'] },
  'esp32-uart-coredump.log': {
    proofs: [
      { project: 'Muse' },
      { reason: 'abort()', elfSha256: '3803e39f07026a8c' },
      { code: 'c', reset: 'SW_CPU_RESET', straps: '12', mode: 'SPI_FAST_FLASH_BOOT' },
    ],
  },
  'esp32c3-tasmota-panic.log': { proofs: [{ reason: 'Load access fault', elfSha256: '8b8c84260' }] },
};

function follow(name: string, chunkBytes: number): { events: StageEvent[]; view: BoardView } {
  const bytes = readFileSync(join(folder ?? '', name));
  const splitter = createLineSplitter();
  const follower = new ConsoleFollower();
  const events: StageEvent[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    for (const line of splitter.push(bytes.subarray(at, at + chunkBytes))) events.push(...follower.line(line));
  }
  return { events, view: follower.view };
}

describe('real consoles', () => {
  const names = folder === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.log'));
  it(folder === undefined ? 'no corpus' : 'are there', () => {
    expect(names.length > 0).toBe(folder !== undefined);
  });

  for (const name of names) {
    it(`${name} is followed, the same for any chunk size`, () => {
      const { events, view } = follow(name, 4096);
      expect(follow(name, 7)).toEqual({ events, view });
      const facts = FACTS[name];
      if (facts === undefined) return;
      const failures = events.filter((event) => event.stage === 'failed').map((event) => event.values['failure']);
      if (facts.failures !== undefined) expect([...new Set(failures)]).toEqual(facts.failures);
      for (const stage of facts.stages ?? []) expect(events.map((event) => event.stage)).toContain(stage);
      if (facts.view !== undefined) expect(view).toMatchObject(facts.view);
      for (const proof of facts.proofs ?? []) expect(events.map((event) => event.values)).toContainEqual(proof);
    });
  }
});

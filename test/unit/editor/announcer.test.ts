import { describe, expect, it } from 'vitest';
import { createAnnouncer, PAUSE_MS, type Timer } from '../../../src/editor/webview/common/announcer.ts';

/** Time that goes on when it is told to, with one call waiting at most. */
function handTurned(): Timer & { turnTo(ms: number): void; readonly waiting: number } {
  let nowMs = 0;
  let due: { readonly atMs: number; readonly call: () => void } | undefined;
  return {
    now: () => nowMs,
    after: (ms, call) => {
      due = { atMs: nowMs + ms, call };
      return () => {
        due = undefined;
      };
    },
    turnTo: (ms) => {
      if (due !== undefined && due.atMs <= ms) {
        const { atMs, call } = due;
        due = undefined;
        nowMs = atMs;
        call();
      }
      nowMs = ms;
    },
    get waiting() {
      return due === undefined ? 0 : 1;
    },
  };
}

describe('what a page has a screen reader say', () => {
  it('is nothing of what holds when it opens', () => {
    const said: string[] = [];
    const timer = handTurned();
    createAnnouncer((text) => said.push(text), timer).tell('Delivered', 'good');
    timer.turnTo(10 * PAUSE_MS);
    expect(said).toEqual([]);
  });

  it('is another phase at once', () => {
    const said: string[] = [];
    const announcer = createAnnouncer((text) => said.push(text), handTurned());
    announcer.tell('downloading 1%', 'going');
    announcer.tell('Delivered', 'good');
    expect(said).toEqual(['Delivered']);
  });

  it('is one line in ten seconds of what goes on, the latest', () => {
    const said: string[] = [];
    const timer = handTurned();
    const announcer = createAnnouncer((text) => said.push(`${timer.now()} ${text}`), timer);
    for (let ms = 0; ms <= 30_000; ms += 250) {
      timer.turnTo(ms);
      announcer.tell(`downloading ${ms / 300}%`, 'going');
    }
    expect(said).toHaveLength(3);
    expect(said[0]).toMatch(/^10000 downloading 32\.5%|^10000 downloading 33/);
  });

  it('is nothing that is over when its turn comes', () => {
    const said: string[] = [];
    const timer = handTurned();
    const announcer = createAnnouncer((text) => said.push(text), timer);
    announcer.tell('downloading 1%', 'going');
    announcer.tell('downloading 2%', 'going');
    expect(timer.waiting).toBe(1);
    announcer.tell('Refused', 'bad');
    timer.turnTo(10 * PAUSE_MS);
    expect(said).toEqual(['Refused']);
  });

  it('is not the same twice', () => {
    const said: string[] = [];
    const timer = handTurned();
    const announcer = createAnnouncer((text) => said.push(text), timer);
    announcer.tell('runs 1.0.0', 'a');
    announcer.tell('runs 1.1.0', 'b');
    announcer.tell('runs 1.1.0', 'b');
    timer.turnTo(10 * PAUSE_MS);
    expect(said).toEqual(['runs 1.1.0']);
  });
});

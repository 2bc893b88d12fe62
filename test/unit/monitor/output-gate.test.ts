import { describe, expect, it } from 'vitest';
import { OutputGate } from '../../../src/monitor/output-gate.ts';
import { ManualClock } from '../../support/hurrying-clock.ts';

function start(keptCharacters = 100) {
  const clock = new ManualClock();
  const gate = new OutputGate({ clock, keptCharacters, tellDropped: ({ lines, bytes }) => `[${lines} ${bytes}]` });
  const out: string[] = [];
  gate.onOutput((text) => out.push(text));
  const wait = () => clock.advance(16);
  return { clock, gate, out, wait };
}

describe('the gate of the output', () => {
  it('lets texts out together', async () => {
    const { gate, out, wait } = start();
    gate.write('a');
    gate.write('');
    gate.write('b');
    expect(out).toEqual([]);
    await wait();
    gate.write('c');
    await wait();
    await wait();
    expect(out).toEqual(['ab', 'c']);
  });

  it('keeps everything while it is closed, and lets it out behind a word about it', async () => {
    const { gate, out, wait } = start();
    gate.write('before ');
    gate.close();
    expect(out).toEqual(['before ']);
    gate.write('one ');
    await wait();
    gate.write('two');
    expect([out.length, gate.isClosed, gate.keptCharacters]).toEqual([1, true, 7]);
    gate.open('[go on]');
    await wait();
    expect(out).toEqual(['before ', '[go on]one two']);
    expect(gate.keptCharacters).toBe(0);
  });

  it('drops the oldest when it is too much, and says how much that was', async () => {
    const { gate, out, wait } = start(20);
    gate.close();
    for (let at = 0; at < 10; at++) gate.write(`°${at} x\n`);
    expect(gate.keptCharacters).toBeLessThanOrEqual(20);
    gate.open('[go on]');
    await wait();
    expect(out).toEqual(['[6 36]°6 x\n°7 x\n°8 x\n°9 x\n']);
    gate.close();
    gate.open('[go on]');
    await wait();
    expect(out.at(-1)).toBe('[go on]');
  });

  it('waits with what is behind a place until that is filled', async () => {
    const { gate, out, wait } = start();
    gate.write('crash\n');
    const place = gate.reserve();
    gate.write('reboot\n');
    await wait();
    expect(out).toEqual(['crash\n']);
    place.fill('at main.c\n');
    place.fill('again');
    await wait();
    expect(out).toEqual(['crash\n', 'at main.c\nreboot\n']);
    const first = gate.reserve();
    const second = gate.reserve();
    gate.write('end');
    second.fill('2');
    await wait();
    first.fill('1');
    await wait();
    expect(out.join('')).toBe('crash\nat main.c\nreboot\n12end');
  });

  it('does not wait for its time when it is full', () => {
    const { gate, out } = start(20);
    for (let at = 0; at < 10; at++) gate.write(`${at}123456789`);
    gate.flush();
    expect(out.join('').length).toBe(100);
  });

  it('stays bounded while a place is not filled', async () => {
    const { gate, out, wait } = start(20);
    const place = gate.reserve();
    for (let at = 0; at < 10; at++) gate.write(`${at}123456789`);
    expect(gate.keptCharacters).toBeLessThanOrEqual(20);
    place.fill('late');
    await wait();
    expect(out).toEqual(['[0 80]late81234567899123456789']);
  });

  it('keeps the order of the newest, and the places between them, however much is dropped', async () => {
    const { gate, out, wait } = start(30);
    const places = [gate.reserve()];
    for (let at = 0; at < 5000; at++) {
      gate.write(`${at}\n`);
      if (at === 2000) places.push(gate.reserve());
    }
    gate.write('end');
    for (const [at, place] of places.entries()) place.fill(`<${at}>`);
    await wait();
    const dropped = Array.from({ length: 4995 }, (_, at) => `${at}\n`).join('').length;
    expect(out.join('')).toBe(`[4995 ${dropped}]<0><1>4995\n4996\n4997\n4998\n4999\nend`);
  });

  it('takes next to no time for a piece, however many are kept', () => {
    const { gate } = start(1024 * 1024);
    gate.close();
    for (let at = 0; at < 524_288; at++) gate.write('\r\n');
    const started = performance.now();
    for (let at = 0; at < 20_000; at++) gate.write('\r\n');
    for (let at = 0; at < 1000; at++) gate.write(`${'x'.repeat(70)}\r\n`);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(gate.keptCharacters).toBeLessThanOrEqual(1024 * 1024);
  });
});

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
});

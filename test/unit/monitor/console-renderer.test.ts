import { describe, expect, it } from 'vitest';
import { ConsoleRenderer, timeOfDay, type RenderOptions } from '../../../src/monitor/console-renderer.ts';
import { parsePrintFilter } from '../../../src/monitor/print-filter.ts';

const NOW = new Date(2026, 10, 22, 9, 5, 7, 8).getTime();
const GREEN = '\u001b[0;32m';
const RESET = '\u001b[0m';

function start(options: RenderOptions = {}) {
  const renderer = new ConsoleRenderer(options);
  const context = { nowMs: NOW, isPanic: false };
  return {
    renderer,
    push: (text: string, isPanic = false) => renderer.push(new TextEncoder().encode(text), { ...context, isPanic }),
    flush: () => renderer.flush(context),
  };
}

describe('the rendering of a console', () => {
  it('gives lines the colour of their level when the firmware sends none', () => {
    const { push } = start();
    expect(push('E (1) a: x\r\n')).toBe(`\u001b[0;31mE (1) a: x${RESET}\r\n`);
    expect(push('W (10:20:30.456) a: x\r\n')).toBe(`\u001b[0;33mW (10:20:30.456) a: x${RESET}\r\n`);
    expect(push('I (1) a: x\n')).toBe(`${GREEN}I (1) a: x${RESET}\r\n`);
    for (const line of ['D (1) a: x', 'V (1) a: x', 'I am a text', 'E: x', '', `${GREEN}I (1) a: x${RESET}`]) {
      expect(push(`${line}\r\n`)).toBe(`${line}\r\n`);
    }
  });

  it('puts the time before each line', () => {
    const { push, renderer } = start({ hasTimestamps: true });
    expect(timeOfDay(NOW)).toBe('09:05:07.008');
    expect(push('a\r\nb\r\n')).toBe('09:05:07.008 a\r\n09:05:07.008 b\r\n');
    renderer.configure({ hasTimestamps: false });
    expect(push('c\r\n')).toBe('c\r\n');
  });

  it('leaves out what the filter does not show, but never a panic', () => {
    const { push } = start({ filter: parsePrintFilter('wifi:W *:N') });
    expect(push('I (1) wifi: x\r\nplain\r\nD (1) main: x\r\n')).toBe('');
    expect(push('W (1) wifi: x\r\n')).toContain('wifi: x');
    expect(push('Backtrace: 0x400d1234:0x3ffb0000\r\n', true)).toBe('Backtrace: 0x400d1234:0x3ffb0000\r\n');
  });

  it('is the same for lines that come in pieces', () => {
    const lines = 'I (1) a: x\r\nplain\r\nW (2) b: °\r\n';
    const whole = start({ hasTimestamps: true }).push(lines);
    for (let at = 0; at <= lines.length; at++) {
      const { push } = start({ hasTimestamps: true });
      expect(push(lines.slice(0, at)) + push(lines.slice(at))).toBe(whole);
    }
  });

  it('shows a prompt when nothing follows, and what follows behind it', () => {
    const { push, flush, renderer } = start({ hasTimestamps: true });
    expect(push('esp32> ')).toBe('');
    expect(renderer.hasPart).toBe(true);
    expect(flush()).toBe('09:05:07.008 esp32> ');
    expect(push('v')).toBe('v');
    expect(push('ersion\r\n5.5\r\n')).toBe('ersion\r\n09:05:07.008 5.5\r\n');
    expect(flush()).toBe('');
  });

  it('colours a log line that came in two, to its end', () => {
    const { push, flush } = start();
    expect(push('I (1) a: begin') + flush() + push(' end\r\n')).toBe(`${GREEN}I (1) a: begin end${RESET}\r\n`);
  });

  it('keeps the rest of a line away whose beginning was left out', () => {
    const { push, flush } = start({ filter: parsePrintFilter('*:N') });
    expect(push('I (1) a: begin') + flush() + push(' end\r\n') + push('next')).toBe('');
  });

  it('leaves carriage returns within a line, for what draws over itself', () => {
    const { push } = start();
    expect(push('10%\r20%\r\n')).toBe('10%\r20%\r\n');
  });

  it('puts its own words on lines of their own', () => {
    const { push, flush, renderer } = start();
    expect(renderer.notice('a\nb')).toBe(`\u001b[36m--- a${RESET}\r\n\u001b[36m--- b${RESET}\r\n`);
    expect(push('esp32> ') + flush() + renderer.notice('a')).toBe(`esp32> ${RESET}\r\n\u001b[36m--- a${RESET}\r\n`);
  });

  it('has no control characters in its own words', () => {
    expect(start().renderer.notice('Sent: \u001b]0;x\u0007\u009by')).toBe(`\u001b[36m--- Sent: ]0;xy${RESET}\r\n`);
  });

  it('does not wait for the end of what is no text', () => {
    const { push, renderer } = start();
    expect(push('x'.repeat(5000)).length).toBe(5000);
    expect(renderer.hasPart).toBe(false);
  });
});

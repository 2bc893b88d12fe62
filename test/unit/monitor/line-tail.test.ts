import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineTail } from '../../../src/monitor/line-tail.ts';

const textsOf = (tail: LineTail): string[] => tail.lines.map(({ text }) => text);

describe('the end of a console', () => {
  it('has the last lines, numbered from the first one on', () => {
    const tail = new LineTail({ mostLines: 2, now: () => 7 });
    for (const line of ['a', 'b', 'c']) tail.push(line);
    expect(tail.lines).toEqual([
      { number: 2, atMs: 7, text: 'b' },
      { number: 3, atMs: 7, text: 'c' },
    ]);
    expect(tail.count).toBe(3);
  });

  it('is bounded in characters, of all lines and of one', () => {
    const tail = new LineTail({ mostCharacters: 5, longestLine: 4 });
    for (const line of ['abcdefgh', 'ij', 'klm']) tail.push(line);
    expect(textsOf(tail)).toEqual(['ij', 'klm']);
    tail.push('nopqrst');
    expect(textsOf(tail)).toEqual(['nopq']);
  });

  it('never has more than it may, whatever is printed', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 30 })), fc.integer({ min: 1, max: 9 }), (lines, mostLines) => {
        const tail = new LineTail({ mostLines, mostCharacters: 40, longestLine: 20 });
        for (const line of lines) tail.push(line);
        const kept = textsOf(tail);
        expect(kept.length).toBeLessThanOrEqual(mostLines);
        expect(kept.join('').length).toBeLessThanOrEqual(40);
        expect(kept).toEqual(lines.map((line) => line.slice(0, 20)).slice(lines.length - kept.length));
      }),
    );
  });
});

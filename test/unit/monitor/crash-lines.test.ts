import { describe, expect, it } from 'vitest';
import { crashLines, placeIn } from '../../../src/monitor/crash-lines.ts';
import type { DecodedFrame } from '../../../src/monitor/decode-crash.ts';

const WORDS = { guess: 'guess', unknown: 'not in the file', inlinedBy: 'inlined by' };
const FOLDER = '/home/me/my project';

function frame(
  address: number,
  places: readonly (readonly [name: string, file?: string, line?: number])[],
  isGuess = false,
): DecodedFrame {
  const frames = places.map(([name, file, line], at) => ({
    function: name,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    isInlined: at < places.length - 1,
  }));
  return { address, from: isGuess ? 'stack' : 'pc', isGuess, frames };
}

const DECODED = {
  frames: [
    frame(0x400d002c, [
      ['log_digest', `${FOLDER}/main/./app.c`, 35],
      ['app_main', `${FOLDER}/main/app.c`, 158],
    ]),
    frame(0x400d044c, [['main_task', '/opt/esp-idf/components/freertos/app_startup.c', 208]]),
    frame(0x42001234, [['helper', '/IDF_PROJECT/main/help.c', 7]], true),
    frame(0x400d0999, [['no_lines']]),
    frame(0x40000001, []),
  ],
};

describe('the frames of a crash as lines', () => {
  it('name functions with their places, those of the project from its folder', () => {
    expect(crashLines(DECODED, FOLDER, WORDS)).toEqual([
      '0x400d002c: log_digest at main/app.c:35',
      '  (inlined by) app_main at main/app.c:158',
      '0x400d044c: main_task at /opt/esp-idf/components/freertos/app_startup.c:208',
      '0x42001234: helper at main/help.c:7 (guess)',
      '0x400d0999: no_lines',
      '0x40000001: not in the file',
    ]);
  });

  it('are none when no address is known', () => {
    expect(crashLines({ frames: [frame(0x40000001, [])] }, FOLDER, WORDS)).toEqual([]);
    expect(crashLines({ frames: [] }, FOLDER, WORDS)).toEqual([]);
  });

  it('can be clicked where they name a place, and nowhere else', () => {
    const places = crashLines(DECODED, FOLDER, { ...WORDS, guess: '推测', inlinedBy: '内联于' }).map((line) => {
      const text = `--- ${line}`;
      const place = placeIn(text);
      return place === undefined
        ? undefined
        : [place.path, place.line, text.slice(place.start, place.start + place.length)];
    });
    expect(places).toEqual([
      ['main/app.c', 35, 'main/app.c:35'],
      ['main/app.c', 158, 'main/app.c:158'],
      ['/opt/esp-idf/components/freertos/app_startup.c', 208, '/opt/esp-idf/components/freertos/app_startup.c:208'],
      ['main/help.c', 7, 'main/help.c:7'],
      undefined,
      undefined,
    ]);
    for (const text of ['0x400d002c: f at main/app.c:35', '--- Log: at main/app.c:35', 'I (1) a: at b:1', '']) {
      expect(placeIn(text)).toBeUndefined();
    }
  });

  it('can be clicked in a C++ name that has “ at ” and colons in it', () => {
    expect(placeIn('--- 0x400d002c: ns::Map<int, Look at it>::find(int) at main/a b.cpp:9')).toMatchObject({ line: 9 });
  });
});

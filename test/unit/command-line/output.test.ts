import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/base/clock.ts';
import { toDisposable } from '../../../src/base/disposable.ts';
import { OtaError } from '../../../src/base/ota-error.ts';
import { dataFolder } from '../../../src/command-line/data-folder.ts';
import { exitCodeOf } from '../../../src/command-line/exit-codes.ts';
import { createProgress } from '../../../src/command-line/progress.ts';
import { styleOf } from '../../../src/command-line/style.ts';
import { clipped, widthOf, wrapped } from '../../../src/command-line/text-width.ts';
import { UsageError } from '../../../src/command-line/usage-error.ts';
import { userLanguage } from '../../../src/command-line/user-language.ts';
import { waysOutOf } from '../../../src/command-line/ways-out.ts';
import { join } from 'node:path';

class Screen {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;

  constructor(isTTY: boolean, columns = 100) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
  }
}

/** A clock that is set by hand. */
function handClock(): Clock & { nowMs: number } {
  return {
    nowMs: 0,
    now() {
      return this.nowMs;
    },
    after: () => toDisposable(() => undefined),
  };
}

const noColour = styleOf({ write: () => undefined }, {}, true);
const KB = 1024;

/** What a screen was shown of a download from its beginning to its end: 100 KB in two seconds. */
function downloaded(screen: Screen): Screen {
  const clock = handClock();
  const bar = createProgress('Download', screen, clock, noColour);
  for (let done = 0; done <= 100; done++) {
    clock.nowMs = done * 20;
    bar.update({ doneBytes: done * KB, totalBytes: 100 * KB });
  }
  bar.end();
  return screen;
}

describe('progress', () => {
  it('is one line in a terminal, drawn again at most ten times a second, and gone at the end', () => {
    const screen = downloaded(new Screen(true));
    const drawn = screen.text.split('\r').filter((line) => line.includes('Download'));
    expect(drawn.length).toBeLessThanOrEqual(22);
    expect(drawn.at(-1)).toBe(`Download  ${'█'.repeat(24)}  100%  100 KB / 100 KB  50 KB/s\u001b[K`);
    expect(drawn.at(10)).toMatch(/ {2}50% {2}50 KB \/ 100 KB {2}50 KB\/s {2}1 s left/);
    expect(screen.text).not.toContain('\n');
    expect(screen.text.endsWith('\r\u001b[K')).toBe(true);
  });

  it('is a few plain lines elsewhere', () => {
    const screen = downloaded(new Screen(false));
    expect(screen.text.split('\n').map((line) => line.slice(0, 15))).toEqual([
      'Download:  25% ',
      'Download:  50% ',
      'Download:  75% ',
      'Download: 100% ',
      '',
    ]);
    expect(screen.text).not.toContain('\r');
    expect(screen.text).not.toContain('\u001b');
  });

  it('fits into a narrow terminal, and makes room for a line', () => {
    const screen = new Screen(true, 40);
    const bar = createProgress('A rather long name of a file that is flashed.bin', screen, handClock(), noColour);
    bar.update({ doneBytes: 5 * KB, totalBytes: 10 * KB });
    bar.clear();
    expect(screen.text.endsWith('\r\u001b[K')).toBe(true);
    const [, line = ''] = screen.text.split('\r');
    expect(widthOf(line.replace('\u001b[K', ''))).toBeLessThan(40);
    bar.end();
    bar.end();
    bar.update({ doneBytes: 6 * KB, totalBytes: 10 * KB });
    expect(screen.text.endsWith('\r\u001b[K')).toBe(true);
  });
});

describe('colours', () => {
  const terminal = new Screen(true);
  const red = (env: Record<string, string>, isOff = false, stream = terminal): boolean =>
    styleOf(stream, env, isOff).red('x') !== 'x';

  it('are for terminals, unless NO_COLOR or --no-color say otherwise', () => {
    expect(red({})).toBe(true);
    expect(red({}, false, new Screen(false))).toBe(false);
    expect(red({ NO_COLOR: '1' })).toBe(false);
    expect(red({ NO_COLOR: '' })).toBe(true);
    expect(red({}, true)).toBe(false);
    expect(red({ TERM: 'dumb' })).toBe(false);
    expect(red({ FORCE_COLOR: '1' }, false, new Screen(false))).toBe(true);
    expect(red({ FORCE_COLOR: '0' })).toBe(false);
  });
});

describe('lines', () => {
  it('are broken at spaces, or between Chinese letters, never before their punctuation', () => {
    expect(wrapped('one two three four', 9)).toEqual(['one two', 'three', 'four']);
    for (const columns of [10, 11, 12, 13, 20]) {
      const lines = wrapped(
        '服务器出示由您的本地证书颁发机构签发的证书，固件只需嵌入一次：--install-certificate 会将其放入项目。',
        columns,
      );
      expect(lines.join('').replaceAll(' ', '')).toContain('固件只需嵌入一次：--install-certificate会将其放入项目。');
      expect(lines.filter((line) => /^[，。：]/.test(line))).toEqual([]);
    }
  });

  it('are cut with a mark', () => {
    expect(clipped('abcdef', 6)).toBe('abcdef');
    expect(clipped('abcdefg', 6)).toBe('abcde…');
    expect(widthOf(clipped('证书颁发机构', 6))).toBeLessThanOrEqual(6);
  });
});

describe('the language', () => {
  it('is that of --lang, else of the first variable that is set', () => {
    expect(userLanguage([], {})).toBe('en');
    expect(userLanguage([], { LANG: 'zh_CN.UTF-8' })).toBe('zh-cn');
    expect(userLanguage([], { LANG: 'zh_CN.UTF-8', LC_ALL: 'C' })).toBe('en');
    expect(userLanguage([], { LC_MESSAGES: 'zh_CN', LANG: 'de_DE' })).toBe('zh-cn');
    expect(userLanguage([], { ESP32_OTA_LANG: 'zh', LC_ALL: 'en_US' })).toBe('zh-cn');
    expect(userLanguage(['check', '--lang', 'en'], { LANG: 'zh_CN' })).toBe('en');
    expect(userLanguage(['--lang=zh-cn'], {})).toBe('zh-cn');
  });
});

describe('the folder of the command line', () => {
  it('is the place of each system, and never a relative one', () => {
    const home = join('/', 'home', 'user');
    expect(dataFolder({}, 'linux', home)).toBe(join(home, '.local', 'share', 'esp32-ota'));
    expect(dataFolder({ LOCALAPPDATA: '' }, 'win32', home)).toBe(join(home, 'AppData', 'Local', 'esp32-ota'));
    expect(dataFolder({ XDG_DATA_HOME: join('/', 'data') }, 'linux', home)).toBe(join('/', 'data', 'esp32-ota'));
    expect(dataFolder({ XDG_DATA_HOME: 'data' }, 'linux', home)).toBe(join(home, '.local', 'share', 'esp32-ota'));
    expect(dataFolder({}, 'darwin', home)).toBe(join(home, 'Library', 'Application Support', 'esp32-ota'));
    expect(dataFolder({ LOCALAPPDATA: join('/', 'local') }, 'win32', home)).toBe(join('/', 'local', 'esp32-ota'));
  });
});

describe('the exit code of an error', () => {
  it('tells a wrong command line, what is missing, what could not be done, and our own mistakes apart', () => {
    expect(exitCodeOf(new UsageError('usage.unknownOption', ''))).toBe(2);
    expect(exitCodeOf(new OtaError('project.notIdf', { folder: 'x' }))).toBe(3);
    expect(exitCodeOf(new OtaError('file.unreadable', { path: 'x', reason: 'ENOENT' }))).toBe(3);
    expect(exitCodeOf(new OtaError('file.unreadable', { path: 'x', reason: 'EACCES' }))).toBe(4);
    expect(exitCodeOf(new OtaError('image.badMagic', { offsetBytes: 0, found: 0, expected: 0xe9 }))).toBe(3);
    expect(exitCodeOf(new OtaError('build.failed', { path: 'x', exitCode: 1 }))).toBe(4);
    expect(exitCodeOf(new OtaError('cancelled', { what: 'x' }))).toBe(130);
    expect(exitCodeOf(new TypeError('x'))).toBe(70);
  });
});

describe('ways out', () => {
  it('are commands for the shell, options and files; buttons without any are left out', () => {
    expect(
      waysOutOf([
        { kind: 'command', title: 'Install', command: 'installCertificate' },
        { kind: 'command', title: 'Show', command: 'showServerLog' },
        { kind: 'setting', key: 'server.port' },
        { kind: 'setting', key: 'build.idfPath' },
        { kind: 'link', title: 'Read', url: 'https://example.com/' },
      ]),
    ).toEqual([
      {
        kind: 'command',
        message: 'Install: esp32-ota serve --install-certificate',
        run: 'esp32-ota serve --install-certificate',
      },
      { kind: 'setting', message: 'Give another value with --port.' },
      { kind: 'link', message: 'Read: https://example.com/', url: 'https://example.com/' },
    ]);
  });
});

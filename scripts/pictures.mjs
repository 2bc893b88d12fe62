import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureChromium } from './lib/chromium.mjs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { ensureEditorHost } from './lib/editor-host.mjs';
import { isPortFree } from './lib/editor-server.mjs';
import { endEverythingOnSignals, findProgram, run } from './lib/processes.mjs';
import { ROOT, inRoot } from './lib/repository.mjs';
import { PlainError, explain, say, timed } from './lib/terminal.mjs';

const HELP = `npm run pictures -- [options]

Takes the pictures of the documents from the real product: opens the examples in VS Code's server, does what the pictures show, and writes
docs/images/<name>.png and <name>@2x.png (docs/images/zh-cn/ in Chinese). Renders media/icon.png from media/icon.svg.

  --language LIST   en, zh-cn, or both with a comma between (default: both)
  --icon            the icon only
  --help            this text`;

/** In Chinese only those that README.zh-cn.md shows: the other documents are English. */
const CHINESE = new Set(['update', 'flash-map', 'problems']);

/** The port in the URL of the example, which the pictures show. */
const PORT = 8070;

function readOptions() {
  try {
    return parseArgs({
      options: {
        language: { type: 'string', default: 'en,zh-cn' },
        icon: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new PlainError(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  }
}

/** @param {string} text */
function readLanguages(text) {
  const languages = text.split(',');
  const unknown = languages.filter((one) => one !== 'en' && one !== 'zh-cn');
  if (unknown.length > 0) throw new PlainError(`--language ${unknown.join(',')}: there are en and zh-cn.`);
  return languages;
}

/** The icon of the marketplace: 256 pixels, of the drawing beside it. */
async function renderIcon() {
  const { default: sharp } = await import('sharp');
  const target = inRoot('media/icon.png');
  // 96 dots an inch are the drawing's own 256 pixels; four times that, so that edges are smooth
  await sharp(inRoot('media/icon.svg'), { density: 384 })
    .resize(256, 256)
    .png({ palette: true, quality: 100, effort: 10, compressionLevel: 9 })
    .toFile(target);
  tellSize(target);
}

/** @param {string} file */
function tellSize(file) {
  say(`  ${path.relative(ROOT, file)}, ${(statSync(file).size / 1024).toFixed(0)} KB`);
}

/**
 * Writes a picture with the colours that it needs, 256 at most: a screen of VS Code has few.
 * @param {string} source
 * @param {string} target
 */
async function writeSmall(source, target) {
  const { default: sharp } = await import('sharp');
  mkdirSync(path.dirname(target), { recursive: true });
  await sharp(source).png({ palette: true, quality: 95, effort: 10, compressionLevel: 9, dither: 0.4 }).toFile(target);
  tellSize(target);
}

/** Without a font for them, Chinese pictures are rows of boxes. */
async function checkChineseFont() {
  const list = findProgram(['fc-list']);
  if (list === undefined) return; // not a system with fontconfig: it has its own
  const { output } = await run(list, [':lang=zh-cn', 'family'], {});
  if (output.trim() === '')
    throw new PlainError(
      'Chinese pictures need a Chinese font: sudo apt-get install fonts-wqy-microhei, or --language en',
    );
}

/** @param {string[]} languages */
async function takePictures(languages) {
  if (!(await isPortFree(PORT)))
    throw new PlainError(`Port ${PORT} is in use; the pictures show the example with its own port.`);
  if (languages.includes('zh-cn')) await checkChineseFont();
  await Promise.all([ensureEditorHost(), ensureChromium()]);
  const raw = mkdtempSync(path.join(os.tmpdir(), 'esp32-ota-pictures-'));
  try {
    const { code, output } = await timed('taking the pictures', () =>
      run(process.execPath, [inRoot('node_modules/vitest/vitest.mjs'), 'run', '--project=pictures'], {
        cwd: ROOT,
        env: {
          ...process.env,
          NO_COLOR: '1',
          ESP32_OTA_PICTURES: raw,
          ESP32_OTA_PICTURE_LANGUAGES: languages.join(' '),
        },
      }),
    );
    if (code !== 0) throw new PlainError(`A picture could not be taken\n${output.trim()}`);
    for (const language of languages) {
      for (const name of readdirSync(path.join(raw, language)).sort()) {
        if (language !== 'en' && !CHINESE.has(name.replace(/(@2x)?\.png$/, ''))) continue;
        const folder = language === 'en' ? 'docs/images' : `docs/images/${language}`;
        await writeSmall(path.join(raw, language, name), inRoot(folder, name));
      }
    }
  } finally {
    rmSync(raw, { recursive: true, force: true });
  }
}

endEverythingOnSignals();

try {
  const options = readOptions();
  if (options.help) {
    say(HELP);
    process.exit(0);
  }
  const languages = readLanguages(options.language);
  await ensureDependencies();
  await renderIcon();
  if (!options.icon) await takePictures(languages);
} catch (error) {
  say(explain(error));
  process.exitCode = 1;
}

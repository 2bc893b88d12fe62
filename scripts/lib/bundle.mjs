import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { BUNDLE_REPORT } from './bundle-report.mjs';
import { ROOT, inRoot } from './repository.mjs';

const WEBVIEW_PAGES = inRoot('src/editor/webview');

/** The native addon of serialport: its binaries for every platform, found by it in `../prebuilds` of the chunk that holds its code. */
const SERIAL_BINARIES = inRoot('node_modules/@serialport/bindings-cpp/prebuilds');

/** What is loaded with the entry point, among the chunks. */
const MERGED = 'core.js';

/** @typedef {import('./bundle-report.mjs').BundleFile} BundleFile */

/**
 * @typedef {object} BundleOptions
 * @property {boolean} isProduction minified and without source maps
 * @property {((files: BundleFile[]) => void) | undefined} [onBuilt] called after each build of the extension that succeeded
 */

/**
 * The build of the extension host's side. esbuild can split a bundle at `import()` only in ES module form, so it splits there, and each
 * chunk is then turned into CommonJS by itself: shared modules (and so the classes that `instanceof` asks for) exist once, and what is
 * behind an `import()` is neither read nor run before it is needed. Reasons and figures: docs/decisions/bundle.md
 * @param {BundleOptions} options
 */
export function extensionBundle({ isProduction, onBuilt }) {
  return nodeBundle({ entry: 'extension', chunks: 'chunks', folder: inRoot('dist'), isProduction, onBuilt });
}

/**
 * The build of the command line: `cli.js`, which `bin/esp32-ota.js` runs, with what it loads later in `cli/`. Not for the VSIX.
 * @param {BundleOptions & { folder?: string }} options `folder` is dist/ unless another is given
 */
export function commandLineBundle({ isProduction, onBuilt, folder = inRoot('dist') }) {
  return nodeBundle({
    entry: 'cli',
    chunks: 'cli',
    folder,
    isProduction,
    onBuilt,
  });
}

/**
 * One of the two composition roots, and where its bundle goes.
 * @typedef {object} Entry
 * @property {'extension' | 'cli'} entry `src/<entry>.ts`
 * @property {string} chunks the folder of its own for what it is split into, in `folder`
 * @property {string} folder absolute
 */

/** @param {BundleOptions & Entry} options */
function nodeBundle({ entry, chunks, folder, isProduction, onBuilt }) {
  return esbuild.context({
    absWorkingDir: ROOT,
    entryPoints: { [entry]: `src/${entry}.ts` },
    outdir: folder,
    chunkNames: `${chunks}/[name]-[hash]`,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['vscode'],
    minify: isProduction,
    sourcemap: isProduction ? false : 'inline',
    metafile: true,
    write: false,
    logLevel: 'warning',
    plugins: [
      {
        name: 'chunks-to-commonjs',
        setup(build) {
          build.onEnd(async (result) => {
            if (result.errors.length > 0) return;
            const files = await writeAsCommonJs(result, { entry, chunks, folder, isProduction });
            if (isProduction && entry === 'extension') writeReport(files);
            onBuilt?.(files);
          });
        },
      },
    ],
  });
}

/** @param {BundleFile[]} files */
function writeReport(files) {
  mkdirSync(path.dirname(BUNDLE_REPORT), { recursive: true });
  writeFileSync(BUNDLE_REPORT, JSON.stringify(files, undefined, 1));
}

/**
 * @param {esbuild.BuildResult} result
 * @param {Entry & { isProduction: boolean }} options
 * @returns {Promise<BundleFile[]>}
 */
async function writeAsCommonJs({ outputFiles = [], metafile }, { entry, chunks, folder, isProduction }) {
  const outputs = metafile?.outputs ?? {};
  const nameOf = (/** @type {string} */ file) => path.relative(ROOT, file).replaceAll('\\', '/');
  const eager = eagerOutputs(outputs, nameOf(path.join(folder, `${entry}.js`)));
  rmSync(path.join(folder, chunks), { recursive: true, force: true });
  /** @type {BundleFile[]} */
  const files = [];
  /** @type {Map<string, string>} */
  const merged = new Map();
  for (const output of outputFiles) {
    const name = nameOf(output.path);
    const file = path.relative(folder, output.path).replaceAll('\\', '/');
    const { code, map } = await esbuild.transform(output.text, {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      minify: isProduction,
      supported: { 'dynamic-import': false }, // becomes require(), which needs no second module loader
      sourcemap: isProduction ? false : 'external',
      sourcefile: path.basename(name),
      logLevel: 'warning',
    });
    mkdirSync(path.dirname(output.path), { recursive: true });
    if (isProduction && eager.has(name)) merged.set(file, code);
    else writeFileSync(output.path, isProduction ? code : `${code}//# sourceMappingURL=${path.basename(name)}.map\n`);
    if (!isProduction) writeFileSync(`${output.path}.map`, map);
    files.push({
      file,
      bytes: Buffer.byteLength(code),
      isLazy: !eager.has(name),
      packages: bytesByPackage(outputs[name]?.inputs ?? {}),
      folders: packageFolders(outputs[name]?.inputs ?? {}),
    });
  }
  if (isProduction) writeMerged(merged, folder, chunks);
  if (files.some((file) => '@serialport/bindings-cpp' in file.packages)) {
    // VS Code does not run on Android
    const filter = (/** @type {string} */ source) => !path.basename(source).startsWith('android');
    cpSync(SERIAL_BINARIES, path.join(folder, 'prebuilds'), { recursive: true, filter });
  }
  files.sort((one, other) => Number(one.isLazy) - Number(other.isLazy) || other.bytes - one.bytes);
  return files;
}

/**
 * Puts what is loaded with the entry point into one file, as a function for each module: reading 50 small files takes longer than running them.
 * In place of each of them a line leads there, so that those who look for one later find the same.
 * @param {ReadonlyMap<string, string>} modules CommonJS code by its path in the folder
 * @param {string} folder
 * @param {string} chunks
 */
function writeMerged(modules, folder, chunks) {
  const table = [...modules].map(([name, code]) => `${JSON.stringify(name)}(module,exports,require){${code.trim()}}`);
  const loader = [
    `const M={${table.join(',\n')}},L={};`,
    // modules see each other, and files that are loaded later, by paths relative to their own
    'const at=(d,i)=>i[0]!=="."?i:(i[1]==="."?"":d)+i.replace(/^\\.{1,2}\\//,"");',
    'const load=n=>{if(n in L)return L[n].exports;const m=L[n]={exports:{}},d=n.includes("/")?' +
      `${JSON.stringify(`${chunks}/`)}:"";`,
    'M[n](m,m.exports,i=>{const p=at(d,i);return p in M?load(p):require(p===i?i:"../"+p)});return m.exports};',
    'module.exports=load;',
  ];
  writeFileSync(path.join(folder, chunks, MERGED), `"use strict";${loader.join('')}\n`);
  for (const name of modules.keys()) {
    const core = name.includes('/') ? `./${MERGED}` : `./${chunks}/${MERGED}`;
    writeFileSync(path.join(folder, name), `module.exports=require("${core}")(${JSON.stringify(name)});\n`);
  }
}

/**
 * The outputs that are loaded with the entry point: it, and what it imports by statements.
 * @param {esbuild.Metafile['outputs']} outputs
 * @param {string} entry its name there
 */
function eagerOutputs(outputs, entry) {
  const eager = new Set([entry]);
  for (const name of eager) {
    for (const { path: imported, kind } of outputs[name]?.imports ?? []) {
      if (kind === 'import-statement' && imported in outputs) eager.add(imported);
    }
  }
  return eager;
}

/**
 * What npm packages add to an output.
 * @param {esbuild.Metafile['outputs'][string]['inputs']} inputs
 */
function bytesByPackage(inputs) {
  /** @type {Record<string, number>} */
  const bytes = {};
  for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    if (name !== undefined) bytes[name] = (bytes[name] ?? 0) + bytesInOutput;
  }
  return bytes;
}

/**
 * The folders of the npm packages with code in an output. A package can be there in several versions.
 * @param {esbuild.Metafile['outputs'][string]['inputs']} inputs
 */
function packageFolders(inputs) {
  const folders = Object.keys(inputs).map((input) => /.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0]);
  return [...new Set(folders.filter((folder) => folder !== undefined))].sort();
}

/**
 * The build of the webview pages: each `src/editor/webview/<page>.ts` becomes `dist/webview/<page>.js`, with the styles it imports beside it.
 * @param {boolean} isProduction
 * @returns {Promise<esbuild.BuildContext | undefined>} undefined while there is no page
 */
export async function webviewBundle(isProduction) {
  const pages = existsSync(WEBVIEW_PAGES) ? readdirSync(WEBVIEW_PAGES).filter((name) => /^[^.]+\.ts$/.test(name)) : [];
  if (pages.length === 0) return undefined;
  return esbuild.context({
    absWorkingDir: ROOT,
    entryPoints: pages.map((name) => `src/editor/webview/${name}`),
    outdir: 'dist/webview',
    bundle: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    minify: isProduction,
    sourcemap: isProduction ? false : 'linked',
    logLevel: 'warning',
  });
}

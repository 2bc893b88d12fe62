import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { COMMANDS, commandId } from '../../src/texts/contributions.ts';

// What can be known of looks without looking: icons that exist, colours that come from the theme, commands that can be reached.

interface MenuItem {
  readonly command?: string;
  readonly when?: string;
  readonly group?: string;
}

const manifestText = readFileSync('package.json', 'utf8');
const manifest = JSON.parse(manifestText) as {
  contributes: { menus: Record<string, MenuItem[]>; viewsContainers: { activitybar: { icon: string }[] } };
};

function filesBelow(folder: string, extension: string): readonly { readonly file: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => ({ file: name, text: readFileSync(path.join(folder, name), 'utf8') }));
}

const sources = [
  { file: 'package.json', text: manifestText },
  { file: 'package.nls.json', text: readFileSync('package.nls.json', 'utf8') },
  { file: 'package.nls.zh-cn.json', text: readFileSync('package.nls.zh-cn.json', 'utf8') },
  { file: 'bundle.l10n.zh-cn.json', text: readFileSync('l10n/bundle.l10n.zh-cn.json', 'utf8') },
  ...filesBelow('src/editor', '.ts'),
  ...filesBelow('src/texts', '.ts'),
];

describe('an icon', () => {
  it('is a codicon that the oldest VS Code we run in has', () => {
    const library = readFileSync('node_modules/@vscode/codicons/dist/codiconsLibrary.ts', 'utf8');
    const known = new Set([...library.matchAll(/register\('([\w-]+)'/g)].map((match) => match[1]));
    const used = sources.flatMap(({ file, text }) =>
      [
        ...text.matchAll(/\$\(([a-z][\w-]*)(?:~\w+)?\)|\bicon: '([\w-]+)(?:~\w+)?'|ThemeIcon\('([\w-]+)(?:~\w+)?'/g),
      ].map((match) => ({ file, icon: match[1] ?? match[2] ?? match[3] ?? '' })),
    );
    expect(known.size).toBeGreaterThan(400);
    expect(used.length).toBeGreaterThan(90);
    expect(used.filter(({ icon }) => !known.has(icon))).toEqual([]);
  });

  it('of the container has one colour, which VS Code replaces', () => {
    for (const { icon } of manifest.contributes.viewsContainers.activitybar) {
      const colors = [...readFileSync(icon, 'utf8').matchAll(/(?:fill|stroke)="([^"]+)"/g)].map((match) => match[1]);
      expect(colors.filter((color) => color !== 'none')).toHaveLength(1);
    }
  });

  it('of a tab has the same drawing in both of its colours', () => {
    const [dark, light] = ['media/esp32-ota.svg', 'media/esp32-ota-light.svg'].map((file) =>
      readFileSync(file, 'utf8'),
    );
    expect(light).not.toBe(dark);
    expect(light?.replaceAll(/#[\dA-F]{6}/gi, '')).toBe(dark?.replaceAll(/#[\dA-F]{6}/gi, ''));
  });

  it('is never a character that some systems draw as a coloured picture', () => {
    const found = [...sources, ...filesBelow('src/editor/webview', '.css')].flatMap(({ file, text }) =>
      [...text.matchAll(/\p{Extended_Pictographic}/gu)]
        .filter(([one]) => !/[©®™]/.test(one))
        .map(([one]) => `${file}: ${one}`),
    );
    expect(found).toEqual([]);
  });
});

describe('the colours of pages', () => {
  const styles = filesBelow('src/editor/webview', '.css').map(({ file, text }) => ({
    file,
    text: text.replaceAll(/\/\*[\s\S]*?\*\//g, ''),
  }));
  const colorProperty =
    /(?<![\w-])(color|background(?:-color)?|border[\w-]*|outline[\w-]*|fill|stroke|box-shadow|text-shadow|--[\w-]+):\s*([^;}]+)/g;
  const named =
    /(?<![\w-])(?:aqua|black|blue|brown|cyan|fuchsia|gold|gr[ae]y|green|indigo|lime|magenta|maroon|navy|olive|orange|pink|purple|red|silver|teal|violet|white|yellow|(?:dark|light|medium|pale|deep|hot)[a-z]+)(?![\w-])/i;

  it('are those of the theme: no colour is written out', () => {
    const declared = styles.flatMap(({ file, text }) =>
      [...text.matchAll(colorProperty)].map((match) => ({ file, value: match[2] ?? '' })),
    );
    expect(declared.length).toBeGreaterThan(80);
    expect(
      declared.filter(
        ({ value }) =>
          /#[\da-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\(/i.test(value) || named.test(value),
      ),
    ).toEqual([]);
  });

  it('are those of the theme in the drawings of the walkthrough too', () => {
    const drawings = filesBelow('media/walkthrough', '.svg');
    expect(drawings.length).toBeGreaterThan(3);
    for (const { file, text } of drawings) {
      expect(text, file).toContain('var(--vscode-');
      const values = [...text.matchAll(/(?:fill|stroke|stop-color|color)(?:="|:\s*)([^";}]+)/g)].map(
        (match) => match[1] ?? '',
      );
      expect(values.length, file).toBeGreaterThan(0);
      expect(
        values.filter(
          (value) =>
            /#[\da-f]{3,8}\b|\b(?:rgb|hsl)a?\(/i.test(value) || named.test(value.replaceAll(/var\([^)]*\)/g, '')),
        ),
        file,
      ).toEqual([]);
    }
  });

  it('of the system are taken only where it forces its own', () => {
    for (const { file, text } of styles) {
      const [plain = ''] = text.split('@media (forced-colors: active)');
      expect(plain, file).not.toMatch(/\b(?:Canvas|CanvasText|Highlight|HighlightText|ButtonText|LinkText|GrayText)\b/);
    }
  });

  it('are not set by the scripts of pages', () => {
    const set = filesBelow('src/editor/webview', '.ts').flatMap(({ text }) =>
      [...text.matchAll(/\.style\.(\w+)/g)].map((match) => match[1] ?? ''),
    );
    expect(new Set(set)).toEqual(new Set(['height', 'width', 'bottom', 'insetInlineStart', 'cssText']));
  });

  it('have names that are defined', () => {
    const defined = new Set(styles.flatMap(({ text }) => [...text.matchAll(/(--[\w-]+):/g)].map((match) => match[1])));
    const used = styles.flatMap(({ text }) => [...text.matchAll(/var\((--[\w-]+)/g)].map((match) => match[1] ?? ''));
    expect(used.filter((name) => !name.startsWith('--vscode-') && !defined.has(name))).toEqual([]);
  });

  it('stand still for who asked for less motion', () => {
    for (const { file, text } of styles.filter((one) => /animation:|transition:/.test(one.text))) {
      expect(text, file).toMatch(/@media \(prefers-reduced-motion: reduce\)/);
      expect(text, file).toMatch(/body\.vscode-reduce-motion/);
    }
  });
});

describe('a command', () => {
  const { menus } = manifest.contributes;
  /** Not in the palette, because without its row there is nothing to do it to. */
  const ofRows: Readonly<Record<string, string>> = {
    'esp32Ota.applyFix': 'the fix is a row below its finding (Enter), and a light bulb in the file (Ctrl+.)',
    'esp32Ota.showFinding': 'what Enter does on the row of a finding',
    'esp32Ota.explainFinding': 'in the context menu of a finding (Shift+F10)',
  };

  it('can be called with the keyboard: from the palette, or from its row', () => {
    const hidden = (menus['commandPalette'] ?? [])
      .filter(({ when }) => when === 'false')
      .map(({ command }) => command ?? '');
    expect(hidden.toSorted()).toEqual(Object.keys(ofRows).toSorted());
    // the menu of a row has it, not only a button
    const inMenus = (menus['view/item/context'] ?? []).filter(({ group }) => group?.startsWith('inline') !== true);
    for (const command of hidden) expect(inMenus.map((item) => item.command)).toContain(command);
    expect(COMMANDS.map(commandId)).toEqual(expect.arrayContaining(hidden));
  });

  it('that is a button of a row or a view has an icon', () => {
    const icons = new Map(
      (
        JSON.parse(manifestText) as { contributes: { commands: { command: string; icon?: string }[] } }
      ).contributes.commands.map(({ command, icon }) => [command, icon]),
    );
    const buttons = [...(menus['view/item/context'] ?? []), ...(menus['view/title'] ?? [])].filter(({ group }) =>
      /^(?:inline|navigation)/.test(group ?? ''),
    );
    expect(buttons.length).toBeGreaterThan(20);
    expect(buttons.filter(({ command }) => icons.get(command ?? '') === undefined)).toEqual([]);
  });
});

describe('what a screen reader says first', () => {
  /** Written out where it is called; what can take the question back may stand behind it. */
  const optionsOf = (call: ts.CallExpression): ts.Expression | undefined =>
    call.arguments.findLast((one) => ts.isObjectLiteralExpression(one));

  /** Calls of one of VS Code's functions with the options they are given. */
  const callsOf = (name: RegExp): readonly { readonly place: string; readonly options: ts.Expression | undefined }[] =>
    filesBelow('src/editor', '.ts').flatMap(({ file, text }) => {
      const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
      const found: { place: string; options: ts.Expression | undefined }[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isCallExpression(node) && name.test(node.expression.getText(source)))
          found.push({ place: `${file}: ${node.getText(source).slice(0, 60)}`, options: optionsOf(node) });
        ts.forEachChild(node, visit);
      };
      visit(source);
      return found;
    });

  it('of every question is its title', () => {
    const asked = callsOf(/^window\.(?:showQuickPick|showInputBox|showOpenDialog|showSaveDialog)$/);
    expect(asked.length).toBeGreaterThan(25);
    const untitled = asked.filter(
      ({ options }) =>
        options === undefined ||
        !ts.isObjectLiteralExpression(options) ||
        !options.properties.some((property) => property.name?.getText() === 'title'),
    );
    expect(untitled.map(({ place }) => place)).toEqual([]);
    for (const { text } of filesBelow('src/editor', '.ts').filter((one) => one.text.includes('createQuickPick')))
      expect(text).toMatch(/\.title = /);
  });

  it('of every item of the status bar is said in words, and the item has a name to hide it by', () => {
    const files = filesBelow('src/editor', '.ts').filter(({ text }) => text.includes('window.createStatusBarItem('));
    expect(files.length).toBeGreaterThan(1);
    for (const { file, text } of files) {
      const count = (pattern: RegExp): number => [...text.matchAll(pattern)].length;
      const items = count(/window\.createStatusBarItem\(/g);
      expect(count(/item\.name = l10n\.t\(/g), file).toBe(items);
      // each text that an item can have comes with what is said
      expect(count(/item\.accessibilityInformation = /g), file).toBe(count(/item\.text = /g));
    }
  });
});

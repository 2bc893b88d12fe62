import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Step {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly media: { readonly svg: string; readonly altText: string };
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const { contributes } = read('package.json') as {
  contributes: {
    commands: { command: string }[];
    walkthroughs: { title: string; description: string; icon: string; steps: Step[] }[];
    viewsWelcome: { contents: string }[];
  };
};
const languages = ['package.nls.json', 'package.nls.zh-cn.json'].map((file) => read(file) as Record<string, string>);
const steps = contributes.walkthroughs.flatMap((one) => one.steps);
const texts = [
  ...contributes.walkthroughs.flatMap((one) => [one.title, one.description]),
  ...steps.flatMap(({ title, description, media }) => [title, description, media.altText]),
  ...contributes.viewsWelcome.map(({ contents }) => contents),
];

describe('walkthrough and welcome views', () => {
  it('say every text by a key that both languages have', () => {
    expect(texts.filter((text) => !/^%[\w.]+%$/.test(text))).toEqual([]);
    for (const table of languages) expect(texts.filter((text) => (table[text.slice(1, -1)] ?? '') === '')).toEqual([]);
  });

  it('lead to commands of ours that exist, and to the same ones in both languages', () => {
    const known = contributes.commands.map(({ command }) => command);
    const linked = languages.map((table) =>
      texts.map((text) =>
        [...(table[text.slice(1, -1)] ?? '').matchAll(/\(command:([\w.]+)/g)].map(([, id]) => id ?? ''),
      ),
    );
    expect(linked[0]).toEqual(linked[1]);
    const ours = (linked[0] ?? []).flat().filter((id) => id.startsWith('esp32Ota.'));
    expect(ours.length).toBeGreaterThan(10);
    expect(ours.filter((id) => !known.includes(id))).toEqual([]);
  });

  it('have a small drawing for each step, in colours of the theme alone and without words', () => {
    const files = steps.map(({ media }) => media.svg);
    expect(new Set(files).size).toBe(steps.length);
    expect(files.sort()).toEqual(
      readdirSync('media/walkthrough')
        .map((name) => `media/walkthrough/${name}`)
        .sort(),
    );
    for (const file of files) {
      const drawing = readFileSync(file, 'utf8');
      expect(drawing.length, file).toBeLessThan(4096);
      expect(drawing, file).not.toMatch(/<text|<script|<image|href=|#[0-9a-f]{3,8}\b|rgb\(/i);
      const colours = [...drawing.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, colour]) => colour ?? '');
      expect(
        colours.filter((colour) => !/^(none|var\(--vscode-[\w-]+\))$/.test(colour)),
        file,
      ).toEqual([]);
    }
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TOOLS, toolId } from '../../src/texts/contributions.ts';

interface Manifest {
  name: string;
  publisher: string;
  contributes: Record<string, unknown> & {
    commands: { command: string }[];
    configuration: { properties: Record<string, unknown> }[];
    keybindings?: { key: string; mac?: string; linux?: string; win?: string }[];
    languageModelTools: { name: string; toolReferenceName: string }[];
    problemMatchers?: { name: string }[];
    taskDefinitions: { type: string }[];
    views: Record<string, { id: string }[]>;
    viewsContainers: Record<string, { id: string }[]>;
    walkthroughs?: { id: string }[];
    submenus: { id: string }[];
  };
}

const { contributes, name, publisher } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;

/** What ids of `espressif.esp-idf-extension` begin with, and ids of it that have no such beginning.
 * @see espressif/vscode-esp-idf-extension `package.json`, `contributes` of versions 1.7 to 2.2 */
const THEIR_PREFIXES = [
  'espIdf.',
  'espIdf',
  'idf.',
  'idf',
  'esp.',
  'esp-idf',
  'espRainmaker',
  'espEFuse',
  'cmakeListsEditor',
  'menuconfig',
];
const THEIR_IDS = ['espidf', 'espIdfLd', 'espIdfCommands', 'gdbtarget', 'cppdbg'];
/** Their keys are chords that begin with these, on macOS with Cmd+I (older versions) or Cmd+E. */
const THEIR_CHORDS = /^(?:ctrl\+e|cmd\+e|cmd\+i|ctrl\+i)\b/i;

/** Every id that we give to VS Code, which knows ids by their names alone. */
const ids = [
  ...contributes.commands.map(({ command }) => command),
  ...contributes.configuration.flatMap(({ properties }) => Object.keys(properties)),
  ...contributes.taskDefinitions.map(({ type }) => type),
  ...Object.values(contributes.views).flatMap((views) => views.map(({ id }) => id)),
  ...Object.values(contributes.viewsContainers).flatMap((containers) => containers.map(({ id }) => id)),
  ...contributes.submenus.map(({ id }) => id),
  ...(contributes.problemMatchers ?? []).map((one) => one.name),
  ...(contributes.walkthroughs ?? []).map(({ id }) => id),
  ...contributes.languageModelTools.flatMap((tool) => [tool.name, tool.toolReferenceName]),
];

describe('beside the ESP-IDF extension', () => {
  it('no id of ours begins as its ids do', () => {
    expect(ids.length).toBeGreaterThan(100);
    const shared = ids.filter((id) => THEIR_IDS.includes(id) || THEIR_PREFIXES.some((prefix) => id.startsWith(prefix)));
    expect(shared).toEqual([]);
    expect(`${publisher}.${name}`).not.toBe('espressif.esp-idf-extension');
  });

  it('no key of ours begins a chord of its', () => {
    const keys = (contributes.keybindings ?? []).flatMap(({ key, mac, linux, win }) => [key, mac, linux, win]);
    expect(keys.filter((key) => key !== undefined && THEIR_CHORDS.test(key))).toEqual([]);
  });

  it('the names of tools are of one kind, and nobody else can have them', () => {
    expect(contributes.languageModelTools.map((tool) => tool.name)).toEqual(TOOLS.map(toolId));
    const references = contributes.languageModelTools.map((tool) => tool.toolReferenceName);
    expect(new Set(references).size).toBe(references.length);
    for (const reference of references) expect(reference).toMatch(/^ota-[a-z-]+$/);
  });
});

import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

// What the command line and the tools for language models say of the same thing has one shape (src/json).

interface Definition {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

type Definitions = Readonly<Record<string, Definition>>;

const SCHEMAS = readdirSync('media/schemas').map((file) => ({
  name: file.replace('.schema.json', ''),
  defs: (JSON.parse(readFileSync(`media/schemas/${file}`, 'utf8')) as { $defs: Definitions }).$defs,
}));
const TOOLS = SCHEMAS.find(({ name }) => name === 'tools')?.defs ?? {};
const COMMANDS = SCHEMAS.filter(({ name }) => name !== 'tools');

/** What tools add to a fact, or leave out of it: it has no place in an editor, or there would be too much. */
const OF_TOOLS: Readonly<
  Record<string, { readonly adds?: readonly string[]; readonly leavesOut?: readonly string[] }>
> = {
  fix: { adds: ['command'], leavesOut: ['run'] },
  step: { leavesOut: ['message'] },
  failure: { adds: ['fixes'] },
  verdict: { adds: ['fixes'] },
  certificate: { adds: ['validTo'], leavesOut: ['authorityPath'] },
};

const shared = Object.keys(TOOLS).filter((name) => COMMANDS.some(({ defs }) => name in defs));

describe('a fact has one shape', () => {
  it('in whatever command tells it', () => {
    const names = new Set(COMMANDS.flatMap(({ defs }) => Object.keys(defs)));
    expect(names.size).toBeGreaterThan(20);
    for (const name of names) {
      const [first, ...others] = COMMANDS.filter(({ defs }) => name in defs);
      for (const other of others)
        expect(other.defs[name], `${name} of ${other.name} and ${first?.name ?? ''}`).toEqual(first?.defs[name]);
    }
  });

  it('that tools for language models have too', () => {
    expect(shared).toEqual(
      expect.arrayContaining(['project', 'finding', 'fix', 'slot', 'change', 'step', 'verdict', 'release', 'fault']),
    );
  });

  it.each(shared)('but for what is named here: %s', (name) => {
    const ofCommand = COMMANDS.find(({ defs }) => name in defs)?.defs[name] ?? {};
    const ofTool = TOOLS[name] ?? {};
    const { adds = [], leavesOut = [] } = OF_TOOLS[name] ?? {};
    const without = (all: Definition, names: readonly string[]): unknown =>
      all.properties === undefined
        ? all
        : Object.fromEntries(Object.entries(all.properties).filter(([key]) => !names.includes(key)));
    expect(without(ofTool, adds)).toEqual(without(ofCommand, leavesOut));
    // a tool may leave out, and promises no more than the command line
    const promised = (ofTool.required ?? []).filter((key) => !adds.includes(key));
    expect(ofCommand.required ?? []).toEqual(expect.arrayContaining(promised));
  });
});

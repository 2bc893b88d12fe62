import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { confirmedIn, rememberedTrust } from '../../../src/editor/first-steps-facts.ts';
import type { Delivery } from '../../../src/ota/delivery.ts';
import { answers, openTab, ran, reset, Uri, window, workspace } from '../../support/fake-vscode.ts';

vi.mock('vscode', () => import('../../support/fake-vscode.ts'));

beforeEach(reset);

/** A delivery to one board that ended confirmed. */
function confirmed(id: string, trigger: string, kind: Delivery['kind'] = 'delivery'): Delivery {
  const update = { id, name: id, trigger, timeline: { verdict: { outcome: 'confirmed' } } };
  return { id: 'd', kind, project: 'blink', startedMs: 1, work: [], updates: [update as never] };
}

describe('the walkthrough’s last steps', () => {
  it('are done by a delivery that was confirmed, and not by a rehearsal', () => {
    expect(confirmedIn([confirmed('virtual', 'virtual', 'rehearsal')])).toEqual({
      hasConfirmedUpdate: false,
      hasUpdatedBoard: false,
    });
    expect(confirmedIn([confirmed('virtual', 'virtual')])).toEqual({
      hasConfirmedUpdate: true,
      hasUpdatedBoard: false,
    });
  });

  it('are done on a real board where it is known which one it was', () => {
    for (const [id, trigger] of [
      ['COM5', 'reset'],
      ['192.168.0.7', 'http'],
    ] as const)
      expect(confirmedIn([confirmed(id, trigger)]).hasUpdatedBoard, id).toBe(true);
    expect(confirmedIn([confirmed('any', 'wait')]).hasUpdatedBoard).toBe(false);
  });
});

it('an image is searched for a certificate once, as long as both are the same', () => {
  let searches = 0;
  const trusts = rememberedTrust((bytes, pem) => {
    searches += 1;
    return { trusted: bytes.length === 1 && pem === 'a' };
  });
  const [one, two] = [new Uint8Array(1), new Uint8Array(2)];
  expect([trusts(one, 'a'), trusts(one, 'a'), trusts(one, 'a')]).toEqual([true, true, true]);
  expect(searches).toBe(1);
  expect([trusts(one, 'b'), trusts(two, 'b'), trusts(one, 'a')]).toEqual([false, false, true]);
  expect(searches).toBe(4);
});

describe('the steps of the walkthrough', () => {
  const watch = async (): Promise<{ count: () => number }> => {
    const { watchWalkthrough } = await import('../../../src/editor/walkthrough.ts');
    let watches = 0;
    watchWalkthrough(() => {
      watches += 1;
      return Promise.resolve();
    });
    return { count: () => watches };
  };

  it('are loaded when a page of VS Code opens that may be it, once, and not for files', async () => {
    const { count } = await watch();
    openTab({ input: { uri: 'main.c' } });
    expect(count()).toBe(0);
    openTab({ input: undefined });
    openTab({ input: undefined });
    expect(count()).toBe(1);
    await vi.waitFor(() => {
      expect(ran).toContainEqual(['setContext', 'esp32Ota.isGuided', true]);
    });
  });

  it('are loaded when such a page is open already', async () => {
    window.tabGroups.all.push({ tabs: [{ input: undefined }] });
    expect((await watch()).count()).toBe(1);
  });
});

describe('an example that was created', () => {
  let parent = '';
  beforeEach(async () => {
    parent = await mkdtemp(path.join(tmpdir(), 'esp32-ota-first-steps-'));
    answers.folder = parent;
  });
  afterEach(async () => {
    await rm(parent, { recursive: true });
  });

  /** Runs the command; gives what it remembers for the next window. */
  const create = async (): Promise<Map<string, unknown>> => {
    const [{ openExample }, { diskFiles }] = await Promise.all([
      import('../../../src/editor/commands/start-commands.ts'),
      import('../../../src/base/files.ts'),
    ]);
    const kept = new Map<string, unknown>();
    const memento = { update: (key: string, value: unknown) => Promise.resolve(kept.set(key, value)) };
    const session = { memento, files: diskFiles, extensionFolder: process.cwd(), log: { info: () => undefined } };
    await openExample(session as never, undefined);
    return kept;
  };

  it('leads on in its window when it is opened', async () => {
    const kept = await create();
    expect(kept.get('walkthroughIn')).toBe(path.join(parent, 'simple_ota'));
    expect(ran.map(([command]) => command)).toContain('vscode.openFolder');
  });

  it('leads nowhere when the user does not want to open it', async () => {
    workspace.workspaceFolders = [{ uri: new Uri(parent, 'other') }];
    const kept = await create();
    await Promise.resolve();
    expect(kept.size).toBe(0);
    expect(ran).toEqual([]);
  });
});

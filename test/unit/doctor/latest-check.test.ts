import { describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import { finding, type Finding } from '../../../src/doctor/finding.ts';
import { LatestCheck } from '../../../src/doctor/latest-check.ts';
import { loadProject } from '../../../src/idf/project-loader.ts';
import { copyProject } from '../idf/project-folder.ts';

const FOUND = [finding('behaviour-never-confirms', { call: 'esp_restart' })];
const FAILURE = new Error('EACCES');

async function project(): Promise<Awaited<ReturnType<typeof loadProject>>> {
  return loadProject(await copyProject('v5.5'), diskFiles);
}

describe('the latest check', () => {
  it('says that it failed, not that nothing was found', async () => {
    const [checks, one] = [new LatestCheck(), await project()];
    await expect(
      checks.run(
        () => one,
        () => Promise.reject(FAILURE),
      ),
    ).rejects.toBe(FAILURE);
    expect(checks.of(one.folder)).toEqual({ kind: 'failed', error: FAILURE });
  });

  it('does not tell of what was found before it failed', async () => {
    const [checks, one] = [new LatestCheck(), await project()];
    expect(
      await checks.run(
        () => one,
        () => Promise.resolve(FOUND),
      ),
    ).toBe(FOUND);
    await expect(
      checks.run(
        () => one,
        () => Promise.reject(FAILURE),
      ),
    ).rejects.toBe(FAILURE);
    expect(checks.of(one.folder)).toEqual({ kind: 'failed', error: FAILURE });
  });

  it('does not keep the next one from being made', async () => {
    const [checks, one] = [new LatestCheck(), await project()];
    const failed = checks.run(
      () => one,
      () => Promise.reject(FAILURE),
    );
    const next = checks.run(
      () => one,
      () => Promise.resolve(FOUND),
    );
    await expect(failed).rejects.toBe(FAILURE);
    expect(await next).toBe(FOUND);
    expect(checks.of(one.folder)).toEqual({ kind: 'checked', findings: FOUND });
  });

  it('is not told of another project', async () => {
    const [checks, one, other] = [new LatestCheck(), await project(), await project()];
    await checks.run(
      () => one,
      () => Promise.resolve(FOUND),
    );
    expect(checks.of(other.folder)).toBeUndefined();
    expect(checks.of(undefined)).toBeUndefined();
    await checks.run(
      () => other,
      () => Promise.resolve([]),
    );
    expect(checks.of(one.folder)).toBeUndefined();
    expect(checks.of(other.folder)).toEqual({ kind: 'checked', findings: [] });
  });

  it('is of the project that is selected when its turn comes', async () => {
    const [checks, one, other] = [new LatestCheck(), await project(), await project()];
    let selected = one;
    let end: (findings: readonly Finding[]) => void = () => undefined;
    const checked: string[] = [];
    const first = checks.run(
      () => selected,
      ({ folder }) => {
        checked.push(folder);
        return new Promise((resolve) => {
          end = resolve;
        });
      },
    );
    const second = checks.run(
      () => selected,
      ({ folder }) => {
        checked.push(folder);
        return Promise.resolve([]);
      },
    );
    await Promise.resolve();
    expect(checked).toEqual([one.folder]);
    selected = other;
    end(FOUND);
    await Promise.all([first, second]);
    expect(checked).toEqual([one.folder, other.folder]);
  });

  it('knows nothing when there is no project any more', async () => {
    const [checks, one] = [new LatestCheck(), await project()];
    let changes = 0;
    checks.onChange(() => changes++);
    await checks.run(
      () => one,
      () => Promise.resolve(FOUND),
    );
    expect(
      await checks.run(
        () => undefined,
        () => Promise.resolve(FOUND),
      ),
    ).toEqual([]);
    expect(checks.of(one.folder)).toBeUndefined();
    expect(changes).toBe(2);
  });
});

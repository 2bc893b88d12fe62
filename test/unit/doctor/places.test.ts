import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { optionPlace } from '../../../src/doctor/places.ts';
import { factsOf } from './project-facts.ts';

describe('the place of an option that no file sets', () => {
  it('is the first line of a file that is there: sdkconfig, its defaults, CMakeLists.txt', async () => {
    const facts = await factsOf('v5.5');
    const { folder, sdkconfigPath, cmakePath } = facts.project;
    const defaults = join(folder, 'sdkconfig.defaults');
    const placeIn = (...paths: readonly string[]) =>
      optionPlace({ ...facts, text: (path) => (paths.includes(path) ? 'text' : undefined) }, 'NOWHERE');
    expect(placeIn(sdkconfigPath, defaults, cmakePath)).toMatchObject({ path: sdkconfigPath, range: { line: 1 } });
    expect(placeIn(defaults, cmakePath)).toMatchObject({ path: defaults, range: { line: 1 } });
    expect(placeIn(cmakePath)).toMatchObject({ path: cmakePath, range: { line: 1 } });
  });
});

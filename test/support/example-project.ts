import { cpSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A copy of an example's sources, without what a build has made there, in a folder below `parent`. */
export function copyExample(name: 'simple_ota' | 'hello_world', parent: string): string {
  const target = join(parent, name);
  cpSync(join('examples', name), target, { recursive: true, filter: (source) => basename(source) !== 'build' });
  return target;
}

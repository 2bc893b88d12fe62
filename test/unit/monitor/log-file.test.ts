import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OtaError } from '../../../src/base/ota-error.ts';
import { logFilePath, openLogFile } from '../../../src/monitor/log-file.ts';
import { caught } from '../../support/caught.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-'));
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

const lines = (count: number): string[] => Array.from({ length: count }, (_, at) => `line ${at}`.padEnd(9, '.'));

describe('the path of a log file', () => {
  it('names the port, and never counts from where the process runs', () => {
    expect(logFilePath('logs/{port}.log', '/dev/ttyUSB0', folder)).toBe(join(folder, 'logs', 'ttyUSB0.log'));
    expect(logFilePath('{port}.log', 'rfc2217://10.0.0.2:4000', folder)).toBe(
      join(folder, 'rfc2217-10.0.0.2-4000.log'),
    );
    const absolute = join(tmpdir(), 'monitor.log');
    expect(logFilePath(absolute, 'COM3', folder)).toBe(absolute);
  });
});

describe('a log file', () => {
  it('is not written through a link, which a project could have to a file of the user', async () => {
    const other = join(folder, 'authorized_keys');
    await writeFile(other, 'mine\n');
    await symlink(other, join(folder, 'ttyUSB0.log'));
    const error = await caught(() => openLogFile(join(folder, 'ttyUSB0.log')), 'file.unwritable');
    expect(error.details).toMatchObject({ reason: 'ELOOP' });
    expect(await readFile(other, 'utf8')).toBe('mine\n');
  });

  it('stays in the folder it has to be in, by its path and by where links lead', async () => {
    const project = join(folder, 'project');
    await mkdir(project);
    await symlink(folder, join(project, 'out'));
    for (const path of [
      logFilePath('../{port}.log', 'COM3', project),
      logFilePath(join(folder, '.bashrc'), 'COM3', project),
      logFilePath('out/{port}.log', 'COM3', project),
      logFilePath('out/made/deep/{port}.log', 'COM3', project),
    ]) {
      const error = await caught(() => openLogFile(path, { within: project }), 'file.outside');
      expect(error, path).toMatchObject({ code: 'file.outside', details: { folder: project } });
    }
    expect((await readdir(folder)).sort()).toEqual(['project']);
    const log = await openLogFile(logFilePath('build/{port}.log', 'COM3', project), { within: project });
    await log.close();
  });

  it.runIf(existsSync('/proc/self'))('is given up where no folder can be made, and not tried for ever', async () => {
    await symlink('/proc', join(folder, 'out'));
    const error = await caught(() => openLogFile(join(folder, 'out', 'none', 'a.log')), 'file.unwritable');
    expect(error.details).toMatchObject({ reason: 'ENOENT' });
  });

  it('has every line when it is flushed, and goes on where it was', async () => {
    const path = join(folder, 'deep', 'er', 'a.log');
    const log = await openLogFile(path);
    log.append('one');
    log.append('zwei °');
    await log.flushed();
    expect(await readFile(path, 'utf8')).toBe('one\nzwei °\n');
    log.append('three');
    await log.close();
    log.append('too late');
    const again = await openLogFile(path);
    again.append('four');
    await again.close();
    expect(await readFile(path, 'utf8')).toBe('one\nzwei °\nthree\nfour\n');
  });

  it('is put aside when it is full; no line is cut, none lost, the oldest file goes', async () => {
    const path = join(folder, 'a.log');
    const log = await openLogFile(path, { limitBytes: 100, keptFiles: 2 });
    const all = lines(45);
    for (const line of all) log.append(line);
    await log.close();
    expect((await readdir(folder)).sort()).toEqual(['a.log', 'a.log.1', 'a.log.2']);
    const contents = await Promise.all(
      ['a.log.2', 'a.log.1', 'a.log'].map((name) => readFile(join(folder, name), 'utf8')),
    );
    expect(contents.join('')).toBe(
      all
        .slice(20)
        .map((line) => `${line}\n`)
        .join(''),
    );
    for (const content of contents) expect(content.length).toBeLessThanOrEqual(100);
  });

  it('counts what was in the file before', async () => {
    const path = join(folder, 'a.log');
    await writeFile(path, 'x'.repeat(95));
    const log = await openLogFile(path, { limitBytes: 100, keptFiles: 0 });
    log.append('0123456789');
    await log.close();
    expect(await readFile(path, 'utf8')).toBe('0123456789\n');
    expect(await readdir(folder)).toEqual(['a.log']);
  });

  it('takes a line that is longer than a file may be', async () => {
    const path = join(folder, 'a.log');
    const log = await openLogFile(path, { limitBytes: 10, keptFiles: 1 });
    for (const line of ['a', 'b'.repeat(50), 'c']) log.append(line);
    await log.close();
    expect(await readFile(`${path}.1`, 'utf8')).toBe(`${'b'.repeat(50)}\n`);
    expect(await readFile(path, 'utf8')).toBe('c\n');
  });

  it('says what the disk was too slow for', async () => {
    const path = join(folder, 'a.log');
    const log = await openLogFile(path, { limitBytes: 100_000_000 });
    const line = 'x'.repeat(99_999);
    for (let at = 0; at < 200; at++) log.append(line);
    await log.close();
    const text = await readFile(path, 'utf8');
    const [, leftOut] = /--- (\d+) bytes were too fast for this disk\n/.exec(text) ?? [];
    expect(text.replace(/--- .*\n/, '').length + Number(leftOut)).toBe(200 * 100_000);
    expect((await stat(path)).size).toBeLessThan(9 * 1024 * 1024);
  });

  it('says once that it can not be written', async () => {
    await writeFile(join(folder, 'file'), '');
    await caught(openLogFile(join(folder, 'file', 'a.log')), 'file.unwritable');
    const errors: OtaError[] = [];
    const log = await openLogFile(join(folder, 'sub', 'a.log'), {
      limitBytes: 10,
      onFailed: (error) => errors.push(error),
    });
    // a file in the way of the directory that the next file would be in
    await rm(join(folder, 'sub'), { recursive: true });
    await writeFile(join(folder, 'sub'), '');
    for (const line of lines(5)) log.append(line);
    await log.flushed();
    log.append('more');
    await log.close();
    expect(errors.map((error) => error.code)).toEqual(['file.unwritable']);
  });
});

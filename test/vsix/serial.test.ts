import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { HAS_PTY, openPty } from '../support/pty.ts';
import { readZip } from './zip.ts';

const files = readZip(readFileSync(inject('vsixFile')));
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'vsix-serial-'));
  for (const [name, bytes] of files) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), bytes);
  }
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The chunk that exports a name, as the extension itself would load it. */
function chunkWith(entry: string): string {
  const name = [...files.keys()].find((one) => new RegExp(`^extension/dist/chunks/${entry}-[A-Z0-9]+\\.js$`).test(one));
  if (name === undefined) throw new Error(`no chunk of ${entry} in the VSIX`);
  return path.join(folder, name);
}

/** Runs a script in a process of its own, below nothing but the unpacked VSIX. */
async function run(script: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script, ...args], {
    cwd: folder,
    timeout: 20_000,
  });
  return JSON.parse(stdout);
}

describe('serial ports in the VSIX', () => {
  it('have their native module for every platform that VS Code runs on', () => {
    const binaries = [...files.keys()].filter((name) => name.endsWith('.node')).join('\n');
    for (const platform of ['linux-x64', 'linux-arm64', 'linux-arm', 'darwin-x64+arm64', 'win32-x64', 'win32-arm64']) {
      expect(binaries).toContain(`/prebuilds/${platform}/`);
    }
    for (const libc of ['glibc', 'musl']) {
      for (const architecture of ['x64', 'arm64'])
        expect(binaries).toMatch(new RegExp(`linux-${architecture}/[^\n]*${libc}`));
    }
  });

  it('are listed', async () => {
    const ports = await run(
      'require(process.argv[1]).listPorts().then((ports) => console.log(JSON.stringify(ports)))',
      chunkWith('ports'),
    );
    expect(Array.isArray(ports)).toBe(true);
  });

  it('open, write and close a pty through the native module', async () => {
    expect(HAS_PTY).toBe(true);
    const pty = openPty();
    const script = `
      (async () => {
        const transport = await require(process.argv[1]).openPort(process.argv[2], { baud: 115200 });
        await transport.write(Buffer.from('hello'));
        await transport.drain();
        await transport.close();
        const natives = Object.keys(require.cache).filter((file) => file.endsWith('.node'));
        console.log(JSON.stringify({ hasModemLines: transport.hasModemLines, natives }));
      })()`;
    const [told] = await Promise.all([run(script, chunkWith('open-port'), pty.path), pty.receivedBytes(5)]);
    expect(pty.received().toString()).toBe('hello');
    expect(told).toMatchObject({ hasModemLines: false });
    const { natives } = told as { natives: string[] };
    expect(natives).toHaveLength(1);
    expect(natives[0]).toContain(path.join('extension', 'dist', 'prebuilds'));
    pty.hangUp();
  });
});

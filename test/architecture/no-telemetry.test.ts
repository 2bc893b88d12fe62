import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCES = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ name: name.replaceAll(path.sep, '/'), text: readFileSync(path.join('src', name), 'utf8') }));

const filesWith = (pattern: RegExp): string[] =>
  SOURCES.filter(({ text }) => pattern.test(text))
    .map(({ name }) => name)
    .sort();

/** Everything that opens a connection or waits for one, and to whom. Nothing else may import what can. */
const CONNECTIONS: Readonly<Record<string, string>> = {
  'ota/http-trigger.ts': 'the request that the user has set, to a board',
  'ota/setup-facts.ts': "whether something listens on the server's port of this computer",
  'serial/socket-line.ts': 'a serial port on another computer that the user has named',
  'server/firmware-server.ts': 'the server',
  'server/tls-handshake.ts': 'the server: its side of TLS',
  'virtual-board/connect.ts': 'the download of the virtual board, from the URL of its firmware',
  'virtual-board/loader/listening.ts': "the virtual board's serial side, on loopback",
};

describe('the sources', () => {
  it('connect to nobody but those named here', () => {
    // names of types, and what only looks at an address, connect to nobody
    const importing = SOURCES.filter(({ text }) =>
      [...text.matchAll(/^import (?!type )\{([^}]*)\} from 'node:(?:http|https|http2|net|tls|dgram)';/gms)].some(
        ([, names = '']) =>
          names
            .split(',')
            .map((one) => one.trim())
            .some((one) => one !== '' && !/^(type .*|isIP|isIPv4|isIPv6|BlockList)$/.test(one)),
      ),
    );
    expect(importing.map(({ name }) => name).sort()).toEqual(Object.keys(CONNECTIONS).sort());
  });

  it('have no other way to the network', () => {
    expect(
      filesWith(/from 'node:(http2|dgram)'|\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon)\s*\(/),
    ).toEqual([]);
    expect(filesWith(/import \* as \w+ from 'node:(http|https|net|tls)'|require\(/)).toEqual([]);
    // opened in the user's browser, by the user's click on a button of an error
    expect(filesWith(/\bopenExternal\b/)).toEqual(['editor/report-error.ts']);
  });

  it('tell nobody what the user does', () => {
    expect(filesWith(/createTelemetryLogger|TelemetryReporter|TelemetryLogger|onDidChangeTelemetry/i)).toEqual([]);
    expect(filesWith(/\bmachineId\b|\bisNewAppInstall\b/)).toEqual([]);
    // tells windows of one user apart in the lock of a port, on this computer
    expect(filesWith(/\benv\.sessionId\b/)).toEqual(['extension.ts']);
  });
});

describe('the package', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly scripts: Readonly<Record<string, string>>;
  };

  it('brings no other packages with it, whose next version could do something else: all is bundled', () => {
    expect(Object.keys(manifest.dependencies ?? {})).toEqual([]);
  });

  it('runs nothing when it is installed', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'vscode:uninstall'];
    expect(hooks.filter((hook) => hook in manifest.scripts)).toEqual([]);
  });
});

// The arrows of the house (docs/architecture.md). A room may import itself and what stands behind it here, nothing else.
const MAY_IMPORT = {
  base: [],
  image: ['base'],
  serial: ['base'],
  idf: ['base', 'image'],
  server: ['base', 'image'],
  flash: ['base', 'image', 'serial'],
  monitor: ['base', 'serial'],
  'virtual-board': ['base'],
  doctor: ['base', 'image', 'idf', 'server', 'monitor'],
  ota: ['base', 'image', 'serial', 'idf', 'server', 'flash', 'monitor', 'doctor'],
  texts: ['base', 'image', 'serial', 'idf', 'server', 'flash', 'monitor', 'doctor', 'ota'],
  json: ['base', 'image', 'serial', 'idf', 'server', 'flash', 'monitor', 'doctor', 'ota', 'texts'],
  editor: ['base', 'image', 'serial', 'idf', 'server', 'flash', 'monitor', 'doctor', 'ota', 'texts', 'json'],
  'command-line': ['base', 'image', 'serial', 'idf', 'server', 'flash', 'monitor', 'doctor', 'ota', 'texts', 'json'],
};

const arrows = Object.entries(MAY_IMPORT).map(([room, rooms]) => ({
  name: `arrows-of-${room}`,
  comment: `${room} may import ${['itself', ...rooms].join(', ')}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: {
    path: '^src/',
    // the virtual board sees one thing of serial: the transport interface
    pathNot: [
      `^src/(${[room, ...rooms].join('|')})/`,
      ...(room === 'virtual-board' ? ['^src/serial/serial-transport[.]ts$'] : []),
    ],
  },
}));

/** Only one file may name each of these packages. */
const ONE_FILE = {
  serialport: 'src/serial/usb-transport.ts',
  'esptool-js': 'src/flash/esptool.ts',
  selfsigned: 'src/server/selfsigned.ts',
};

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'nobody-imports-a-composition-root',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/(extension|cli)[.]ts$' },
    },
    {
      name: 'no-editor-in-the-command-line',
      severity: 'error',
      from: { path: '^src/cli[.]ts$' },
      to: { path: '^src/editor/' },
    },
    {
      name: 'vscode-only-in-editor',
      comment: '`vscode` resolves to its type package, so both spellings are named',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/editor/', '^src/extension[.]ts$'] },
      to: { path: ['^vscode$', '@types/vscode'] },
    },
    {
      name: 'pages-know-pages-only',
      comment:
        'what runs in a webview gets all it shows as data: it has neither Node nor VS Code nor a room of the house',
      severity: 'error',
      from: { path: '^src/editor/webview/' },
      to: { pathNot: '^src/editor/webview/' },
    },
    ...Object.entries(ONE_FILE).map(([name, file]) => ({
      name: `one-file-names-${name}`,
      severity: 'error',
      from: { path: '^src/', pathNot: `^${file.replaceAll('.', '[.]')}$` },
      to: { path: `(^|node_modules/)@?${name}(/|$)` },
    })),
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'sources-import-no-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|scripts|examples)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.d.ts', '.js', '.json'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};

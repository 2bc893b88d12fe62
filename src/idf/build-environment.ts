/** How a build is started: a line for a shell, and variables added to its environment. */
export interface BuildInvocation {
  readonly commandLine: string;
  /** The shell that can read the line, and what it is started with in front of it; absent where the line is the user's own, and so their shell's. */
  readonly shell?: { readonly path: string; readonly args: readonly string[] };
  readonly environment: Readonly<Record<string, string>>;
  /** The same without a shell, where the command names a program of its own: `${node}`. */
  readonly program?: { readonly path: string; readonly args: readonly string[] };
  /** Which source decided: the command setting, the path setting, `IDF_PATH`, or the ESP-IDF extension's settings. */
  readonly source: 'command' | 'setting' | 'IDF_PATH' | 'espIdfExtension';
}

export interface BuildSources {
  /** `esp32Ota.build.command`; blank means `idf.py build`. `${node}` in front stands for {@link node}, and what follows for its arguments. */
  readonly command: string;
  /** The program that runs JavaScript: that of this process by default, so that nothing has to be installed. */
  readonly node?: string;
  /** `esp32Ota.build.idfPath`; blank means: look further. */
  readonly idfPath: string;
  /** The variable `IDF_PATH` of the environment. */
  readonly idfPathVariable: string | undefined;
  /** What the ESP-IDF extension has in `idf.currentSetup`, `idf.espIdfPath` or `idf.espIdfPathWin`, the first that is set. */
  readonly espIdfExtensionPath: string | undefined;
  /** Where to build, when it is not the project's `build`: what the ESP-IDF extension has in `idf.buildPath`. A command of the user's own knows
   * its place itself. */
  readonly buildFolder?: string | undefined;
  readonly platform: NodeJS.Platform;
}

/** A single-quoted POSIX word, or a double-quoted one for cmd.exe. */
function quoted(word: string, platform: NodeJS.Platform): string {
  return platform === 'win32' ? `"${word}"` : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The line that enters an ESP-IDF's environment and builds: `export.sh` and `export.bat` put `idf.py` and the toolchain on the path.
 * @see ESP-IDF Programming Guide, "Set up the environment variables" */
function idfBuildLine(idfPath: string, { platform, buildFolder }: BuildSources): string {
  const build = buildFolder === undefined ? 'idf.py build' : `idf.py -B ${quoted(buildFolder, platform)} build`;
  return platform === 'win32'
    ? `call ${quoted(`${idfPath}\\export.bat`, platform)} && ${build}`
    : `. ${quoted(`${idfPath}/export.sh`, platform)} && ${build}`;
}

/** The shell that reads what {@link idfBuildLine} writes. `export.sh` is for bash and zsh; fish, nushell and PowerShell read other lines.
 * On macOS a login shell, without which the path lacks what the user's profile adds. */
function idfShell(platform: NodeJS.Platform): NonNullable<BuildInvocation['shell']> {
  if (platform === 'win32') return { path: 'cmd.exe', args: ['/d', '/c'] };
  return platform === 'darwin' ? { path: '/bin/zsh', args: ['-l', '-c'] } : { path: 'bash', args: ['-c'] };
}

/** How to build, or undefined when no ESP-IDF is known. A command of the user's own runs as it is; it may need no ESP-IDF at all. */
export function findBuildInvocation(sources: BuildSources): BuildInvocation | undefined {
  const command = sources.command.trim();
  const candidates = [
    { source: 'setting', path: sources.idfPath.trim() },
    { source: 'IDF_PATH', path: sources.idfPathVariable?.trim() ?? '' },
    { source: 'espIdfExtension', path: sources.espIdfExtensionPath?.trim() ?? '' },
  ] as const;
  const found = candidates.find((one) => one.path !== '');
  const environment: Record<string, string> = found === undefined ? {} : { IDF_PATH: found.path };
  const script = /^\$\{node\}\s+(.+)$/s.exec(command)?.[1];
  if (script !== undefined) return nodeInvocation(script, sources, environment);
  if (command !== '') return { commandLine: command, environment, source: 'command' };
  if (found === undefined) return undefined;
  const shell = idfShell(sources.platform);
  return { commandLine: idfBuildLine(found.path, sources), shell, environment, source: found.source };
}

/** VS Code's own program is Electron, which is Node.js when this variable says so.
 * @see Electron documentation, "Environment Variables" */
const AS_NODE = { ELECTRON_RUN_AS_NODE: '1' };

function nodeInvocation(
  script: string,
  { node = process.execPath, platform }: BuildSources,
  environment: Readonly<Record<string, string>>,
): BuildInvocation {
  const words = [...script.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)];
  const args = words.map(([, double, single, bare]) => double ?? single ?? bare ?? '');
  return {
    commandLine: [node, ...args].map((word) => quoted(word, platform)).join(' '),
    environment: { ...environment, ...AS_NODE },
    program: { path: node, args },
    source: 'command',
  };
}

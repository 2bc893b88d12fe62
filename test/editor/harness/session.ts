/** What the global setup starts for the test files of one worker, and tells each of them. */
export interface EditorSession {
  /** VS Code's server, `http://127.0.0.1:<port>`. */
  readonly serverUrl: string;
  readonly serverPid: number;
  /** DevTools endpoint of Chromium. */
  readonly browserUrl: string;
  /** User settings, extension storage and logs of the server. */
  readonly dataFolder: string;
  readonly extensionsFolder: string;
  /** A copy of `examples/`, which the workspaces of the tests are copied from. */
  readonly examplesFolder: string;
  /** Where the workspaces are made. Removed when all is done. */
  readonly scratchFolder: string;
}

declare module 'vitest' {
  // vitest's own way to type what `provide` hands to `inject`
  export interface ProvidedContext {
    /** One for each worker. */
    editorSessions: readonly EditorSession[];
  }
}

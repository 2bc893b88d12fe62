/** What the test asks of the extension, as JSON over HTTP on loopback. */
export type AgentQuestion =
  | { readonly do: 'tools' | 'events' | 'exports' | 'server' | 'unknownVersion' }
  | { readonly do: 'invoke'; readonly tool: string; readonly input: object }
  | { readonly do: 'cancel'; readonly tool: string }
  | { readonly do: 'lease'; readonly port: string; readonly name: string }
  | { readonly do: 'release' | 'holder'; readonly port: string }
  | { readonly do: 'command'; readonly command: string; readonly arguments?: readonly unknown[] }
  /** Runs a task of a tasks.json, which goes on afterwards, or ends it. */
  | { readonly do: 'runTask' | 'endTask'; readonly name: string }
  | { readonly do: 'openTerminal'; readonly name: string; readonly cwd: string }
  /** Runs commands in an open terminal, one after the other; the last one goes on afterwards. */
  | { readonly do: 'runInTerminal'; readonly name: string; readonly commandLines: readonly string[] }
  | { readonly do: 'closeTerminal'; readonly name: string };

export interface AgentAnswer {
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly code: string };
}

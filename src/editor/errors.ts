declare module '../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** No build command is set and no ESP-IDF is known. */
    'build.noEnvironment': { path: string };
    'build.failed': { exitCode: number; path: string };
    /** A command needs a project, an image, trust … that is not there (only when it was called past the palette's conditions). */
    'command.noProject': Readonly<Record<string, never>>;
    'command.noImage': { path: string };
    'command.untrusted': Readonly<Record<string, never>>;
    /** A port or chip is being worked with already. */
    'command.busy': { what: string };
    /** A delivery or a rehearsal goes on in this window. */
    'deliver.busy': { project: string };
    /** The firmware is being tested against faults in this window. */
    'deliver.testing': Readonly<Record<string, never>>;
    /** A build of the project goes on. */
    'deliver.building': { path: string };
    /** Something is known that would make the update fail: the worst finding by its key and in words, its best fix (empty when it has none), and
     * how many there are. */
    'deliver.blocked': { finding: string; message: string; fix: string; fixTitle: string; count: number };
    /** The user's own chain ends before its root, so nobody can say what firmware has to embed. */
    'certificate.noRoot': { subject: string };
    /** What a tool was called with: the field (empty for the input itself) and what it may be. */
    'tool.badInput': { field: string; allowed: string };
    /** No port is selected and none was named; `known` lists those there are. */
    'tool.noPort': { known: string };
    /** What the user agreed to is not what would be done any more. */
    'tool.changed': Readonly<Record<string, never>>;
    /** The slots of the board were not read, or something has changed them since. */
    'tool.slotsNotRead': { port: string };
    /** Nothing of a console was seen in this window; `known` lists the ports of which something was. */
    'tool.noConsole': { port: string; known: string };
    /** No update of the project is in the history, or not the one that was named. */
    'tool.noDelivery': { id: string };
    /** Another extension asked for a version of the API that there is not. */
    'api.unknownVersion': { version: number };
    /** What another extension gave with its call: the field, and what it may be. */
    'api.badOption': { option: string; allowed: string };
    /** The extension was deactivated, and with it everything that others got from it. */
    'api.ended': Readonly<Record<string, never>>;
    /** The address is set in the settings, so picking one would have no effect. */
    'server.addressFixed': { host: string };
  }
}

export {};

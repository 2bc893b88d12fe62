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
    /** The address is set in the settings, so picking one would have no effect. */
    'server.addressFixed': { host: string };
  }
}

export {};

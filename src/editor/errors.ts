declare module '../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** No build command is set and no ESP-IDF is known. */
    'build.noEnvironment': { path: string };
    'build.failed': { exitCode: number; path: string };
    /** A command needs a project, an image, trust … that is not there (only when it was called past the palette's conditions). */
    'command.noProject': Record<never, never>;
    'command.noImage': { path: string };
    'command.untrusted': Record<never, never>;
  }
}

export {};

declare module '../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** A file that a first flash by cable needs is not there. */
    'board.notBuilt': { path: string };
    /** `flasher_args.json` marks the file as encrypted: only the real chip could read it. */
    'board.encrypted': { file: string };
    /** What was built is not an application image. */
    'publish.notAnApp': { path: string; kind: string };
  }
}

export {};

declare module '../../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** A server for the virtual board's line could not be started; `reason` is the system's code, such as `EADDRINUSE`. */
    'board.cannotListen': { port: number; reason: string };
    /** Somebody else has the virtual board's line. */
    'board.lineBusy': { chip: string };
    /** There is no cable between the computer and the virtual board. */
    'board.notPluggedIn': { chip: string };
  }
}

export {};

declare module '../../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** Something changes a board for good, and nobody agreed to it: the answer was no, or (`canAsk` is false) there is no terminal to ask in. */
    'commandLine.notAgreed': { canAsk: boolean };
  }
}

export {};

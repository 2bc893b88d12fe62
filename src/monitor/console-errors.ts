declare module '../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** A print filter that is not one. `position` is the index of the first wrong character. */
    'monitor.badFilter': { filter: string; item: string; position: number; problem: 'noTag' | 'badLevel' };
    /** Something was to be sent or reset while the board is not connected. */
    'monitor.notConnected': { address: string };
  }
}

export {};

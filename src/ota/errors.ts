declare module '../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** A file that a first flash by cable needs is not there. */
    'board.notBuilt': { path: string };
    /** `flasher_args.json` marks the file as encrypted: only the real chip could read it. */
    'board.encrypted': { file: string };
    /** What was built is not an application image. */
    'publish.notAnApp': { path: string; kind: string };
    /** The request that makes a board update is spelled wrongly; `problem` is `url`, `method`, `scheme` or `credentials`. */
    'trigger.badTemplate': { template: string; problem: string };
    /** The board's address is not one of a local network. */
    'trigger.publicAddress': { host: string; address: string };
    /** No connection to the board; `reason` is the system's code. */
    'trigger.unreachable': { url: string; reason: string };
    /** The board answered the request with an error. */
    'trigger.refused': { url: string; status: number };
    /** Firmware that has to ask for its URL on the console did not. */
    'trigger.noPrompt': { afterMs: number };
    /** The image does not trust the certificate of the server that a rehearsal would start. `isFresh`: it was built with that in its place just
     * now, so the firmware embeds something else, or nothing. */
    'rehearse.untrusted': { path: string; isFresh: boolean };
    /** The port that a delivery was begun for has another board now. Both as their USB devices say what they are. */
    'deliver.otherBoard': { address: string; before: string; now: string };
    /** No board to bring the update to, for this way of telling it. */
    'trigger.noBoard': { trigger: string };
  }
}

export {};

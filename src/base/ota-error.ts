/**
 * The details of every coded error, by code. A room adds its own codes in its `errors.ts`:
 *
 * ```ts
 * declare module '../base/ota-error.ts' {
 *   interface OtaErrorDetails {
 *     'image.truncated': { offsetBytes: number; neededBytes: number; availableBytes: number };
 *   }
 * }
 * ```
 *
 * `texts/error-texts.ts` has a localised text and a way out for each; a missing one does not compile.
 */
export interface OtaErrorDetails {
  /** A read past the end of the bytes that were given. */
  'bytes.truncated': { offsetBytes: number; neededBytes: number; availableBytes: number };
  /** A file of the user's could not be read or written; `reason` is the system's code, such as `EACCES`. */
  'file.unreadable': { path: string; reason: string };
  'file.unwritable': { path: string; reason: string };
  /** A file that a project names lies, links followed, outside of the folder it has to be in. */
  'file.outside': { path: string; folder: string };
  /** The caller's signal was aborted. An outcome, not a failure: shown to nobody as an error. */
  cancelled: { what: string };
  /** Something did not happen within its time. */
  timeout: { what: string; afterMs: number };
}

export type OtaErrorCode = keyof OtaErrorDetails;

/** The one error class. `code` says what happened, `details` where and with which values; the words for the user are the editor's. */
export class OtaError<Code extends OtaErrorCode = OtaErrorCode> extends Error {
  override readonly name = 'OtaError';
  readonly code: Code;
  readonly details: Readonly<OtaErrorDetails[Code]>;

  constructor(code: Code, details: OtaErrorDetails[Code], options?: ErrorOptions) {
    super(`${code} ${JSON.stringify(details)}`, options);
    this.code = code;
    this.details = Object.freeze({ ...details });
  }
}

/** Narrows to an {@link OtaError}, of any code or of the one given. */
export function isOtaError<Code extends OtaErrorCode>(error: unknown, code?: Code): error is OtaError<Code> {
  return error instanceof OtaError && (code === undefined || error.code === code);
}

/** The system's code of a Node error (`ENOENT`, `EADDRINUSE` …), or undefined when it is not one. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

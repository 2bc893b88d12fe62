import { isOtaError, type OtaErrorCode, type OtaErrorDetails } from '../base/ota-error.ts';
import './errors.ts';

export type Severity = 'error' | 'warning' | 'information';

/** Something wrong or worth knowing in a file, as a value. `code` and `details` are those of {@link OtaErrorDetails}, so that one table has
 * the words for both. Lines and columns are 1-based, `length` is in UTF-16 units. */
export interface Problem<Code extends OtaErrorCode = OtaErrorCode> {
  readonly severity: Severity;
  readonly code: Code;
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
  readonly length?: number;
  readonly details: Readonly<OtaErrorDetails[Code]>;
}

export interface Place {
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  readonly length?: number | undefined;
}

export function problem<Code extends OtaErrorCode>(
  severity: Severity,
  code: Code,
  path: string,
  details: OtaErrorDetails[Code],
  place: Place = {},
): Problem<Code> {
  return {
    severity,
    code,
    path,
    ...(place.line === undefined ? {} : { line: place.line }),
    ...(place.column === undefined ? {} : { column: place.column }),
    ...(place.length === undefined ? {} : { length: place.length }),
    details,
  };
}

/** A coded error as a problem of a file. What is not one, and cancellation, is thrown on. */
export function problemOfError(error: unknown, path: string, severity: Severity = 'error'): Problem {
  if (!isOtaError(error) || error.code === 'cancelled') throw error;
  const line = 'line' in error.details && typeof error.details.line === 'number' ? error.details.line : undefined;
  const column =
    'column' in error.details && typeof error.details.column === 'number' ? error.details.column : undefined;
  return problem<OtaErrorCode>(severity, error.code, path, error.details, { line, column });
}

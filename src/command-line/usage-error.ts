/** The command line is wrong. Never leaves this room, so it brings its own words, in the user's language. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Such as `usage.unknownOption`. */
  readonly code: `usage.${string}`;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: `usage.${string}`,
    message: string,
    details: Readonly<Record<string, string | number | boolean>> = {},
  ) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

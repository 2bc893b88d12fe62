import type { OtaErrorCode, OtaErrorDetails } from '../../base/ota-error.ts';
import type { CommandName, SettingKey } from '../contributions.ts';

/** Something the user can do about it, offered as a button. */
export type WayOut =
  | {
      readonly kind: 'command';
      readonly title: string;
      readonly command: CommandName;
      readonly arguments?: readonly unknown[];
    }
  | { readonly kind: 'setting'; readonly key: SettingKey }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'link'; readonly title: string; readonly url: string };

export interface ErrorText {
  readonly message: string;
  readonly waysOut: readonly WayOut[];
}

/** The words for the codes of one area. */
export type ErrorTexts<Code extends OtaErrorCode> = {
  readonly [One in Code]: (details: Readonly<OtaErrorDetails[One]>) => ErrorText;
};

export function says(message: string, ...waysOut: readonly WayOut[]): ErrorText {
  return { message, waysOut };
}

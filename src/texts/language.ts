import { config } from '@vscode/l10n';

/** A language to speak in. */
export interface Language {
  /** BCP 47 tag, such as `en` or `zh-cn`: how dates are written. */
  readonly tag: string;
  /** The translations, by their English text; none for English itself. */
  readonly bundle?: Readonly<Record<string, string>> | undefined;
}

let current: Language = { tag: 'en' };

/** Sets the language of every text of this room. To be called once, before the first text is asked for. */
export function useLanguage(language: Language): void {
  current = language;
  config({ contents: { ...language.bundle } });
}

/** The tag of the language that texts are in. */
export function languageTag(): string {
  return current.tag;
}

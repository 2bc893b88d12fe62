export type LanguageTag = 'en' | 'zh-cn';

/** The language to speak in: what `--lang` says, else the first of the variables that is set.
 * @see POSIX.1-2024, Base Definitions, 8.2 "Internationalization Variables": LC_ALL before LC_MESSAGES before LANG */
export function userLanguage(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): LanguageTag {
  const given = argv.flatMap((one, index) =>
    one === '--lang' ? [argv[index + 1] ?? ''] : one.startsWith('--lang=') ? [one.slice(7)] : [],
  );
  const set = [given.at(-1), env['ESP32_OTA_LANG'], env['LC_ALL'], env['LC_MESSAGES'], env['LANG']];
  const locale = set.find((one) => one !== undefined && one !== '') ?? '';
  return /^zh\b|^zh[_-]/i.test(locale) ? 'zh-cn' : 'en';
}

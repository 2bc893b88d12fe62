// docs/settings.md is made of package.json and its texts, so that it can't say anything else.

/**
 * @typedef {object} Setting
 * @property {string | string[]} type
 * @property {unknown} default
 * @property {string} markdownDescription
 * @property {unknown[]} [enum]
 * @property {string[]} [markdownEnumDescriptions]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {string} [scope]
 */

const HEAD = `<!-- Made by scripts/settings-page.mjs from package.json. Change it there. -->

# Settings

All of them are in the settings editor under **ESP32 OTA** (search for \`esp32Ota\`). Those marked with a ⚿ are not taken from a workspace that
is not trusted.
`;

/** @param {string} id */
const anchor = (id) => id.toLowerCase().replaceAll('.', '');

/** @param {unknown} value */
const code = (value) => (value === '' ? 'empty' : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``);

/** @param {Setting} setting */
function range({ minimum, maximum }) {
  if (minimum === undefined) return '';
  return maximum === undefined ? `; ${minimum} or more` : `; ${minimum} to ${maximum}`;
}

/**
 * The page, as it has to stand in docs/settings.md.
 * @param {any} manifest package.json
 * @param {Record<string, string>} texts package.nls.json
 * @returns {string}
 */
export function settingsPage(manifest, texts) {
  const restricted = new Set(manifest.capabilities.untrustedWorkspaces.restrictedConfigurations);
  /** @param {string} key */
  const text = (key) => {
    const found = texts[key.replaceAll('%', '')] ?? key;
    // settings name each other between number signs, as the settings editor wants it
    return found.replaceAll(/`#(esp32Ota\.[\w.]+)#`/g, (_, id) => `[\`${id}\`](#${anchor(id)})`);
  };
  const sections = manifest.contributes.configuration.map(
    (/** @type {{ title: string, properties: Record<string, Setting> }} */ { title, properties }) => {
      const settings = Object.entries(properties).map(([id, setting]) => {
        const values = (setting.enum ?? []).map((value, index) => {
          const words = setting.markdownEnumDescriptions?.[index];
          return words === undefined ? `* ${code(value)}` : `* ${code(value)}: ${text(words)}`;
        });
        const mark = restricted.has(id) ? ' ⚿' : '';
        const facts = `Default: ${code(setting.default)}${range(setting)}.${mark}`;
        return [
          `### ${id}`,
          text(setting.markdownDescription),
          ...(values.length > 0 ? [values.join('\n')] : []),
          facts,
        ].join('\n\n');
      });
      return [`## ${text(title)}`, ...settings].join('\n\n');
    },
  );
  return `${[HEAD.trimEnd(), ...sections].join('\n\n')}\n`;
}

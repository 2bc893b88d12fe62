import { describe, expect, it } from 'vitest';
import { clientKindOf, findNames } from '../../../src/idf/source-search.ts';

const names = (text: string): string[] => findNames(text).calls.map(({ name, line }) => `${name}:${line}`);

describe('what sources name', () => {
  it('leaves out comments and texts, and counts lines through them', () => {
    const text = [
      '/* esp_https_ota(&a);',
      ' */ // esp_ota_begin()',
      'puts("esp_ota_begin // not a comment"); esp_https_ota_begin(&a, &b);',
      "char c = '\"'; esp_ota_write(h); char d = '\\'';",
      'my_esp_ota_end(); esp_ota_end2(); esp_ota_end (h);',
      '.crt_bundle_attach = esp_crt_bundle_attach,',
    ].join('\n');
    expect(names(text)).toEqual([
      'esp_https_ota_begin:3',
      'esp_ota_write:4',
      'esp_ota_end:5',
      'esp_crt_bundle_attach:6',
    ]);
  });

  it('finds embedded files by the symbol of their start', () => {
    expect(
      findNames('asm("_binary_ca_cert_pem_start") asm("_binary_ca_cert_pem_end") // "_binary_no_start"').embedded,
    ).toEqual(['ca_cert_pem']);
  });

  it.each([
    'if (strcmp(new_info.version, running.version) > 0) {}',
    'return strncmp(a->version,\n  b->version, 32) <= 0;',
    'sscanf(desc.version, "%d.%d.%d", &a, &b, &c);',
    'if (semver_gt(a, b)) {}',
    'compare_versions(a, b);',
  ])('see a comparison of versions by order: %s', (code) => {
    expect(findNames(`\n${code}`).orderLine).toBe(2);
  });

  it.each([
    'if (memcmp(a.version, b.version, sizeof(a.version)) == 0) {}',
    'if (strcmp(a.version, b.version) == 0) {}',
    '// if (strcmp(a.version, b.version) > 0) {}',
    'if (strcmp(name, other) > 0) {}',
  ])('see none by order: %s', (code) => {
    expect(findNames(code).orderLine).toBeUndefined();
  });

  it.each([
    [['esp_https_ota', 'esp_https_ota_begin'], 'advanced'],
    [['esp_https_ota', 'esp_ota_begin'], 'simple'],
    [['esp_ota_begin'], 'native'],
    [['esp_restart'], 'unknown'],
  ])('%j make the client %s', (found, kind) => {
    expect(clientKindOf(new Set(found))).toBe(kind);
  });
});

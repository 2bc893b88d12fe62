import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OtaError } from '../../../src/base/ota-error.ts';
import { Agreements } from '../../../src/editor/tools/agreements.ts';
import { INPUTS } from '../../../src/editor/tools/inputs.ts';
import { maskLines, maskSecrets, secretValues } from '../../../src/editor/tools/mask.ts';
import { answerText, cut, LONGEST_ANSWER, LONGEST_STRING } from '../../../src/editor/tools/output.ts';
import { toolError } from '../../../src/editor/tools/tool-error.ts';
import { TOOLS, toolId, type ToolName } from '../../../src/texts/contributions.ts';
import { acceptsInput, declaredTools } from '../../support/tool-answers.ts';

const declared = declaredTools();

function isTaken(name: ToolName, input: unknown): boolean {
  try {
    INPUTS[name](input);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(OtaError);
    expect((error as OtaError).code).toBe('tool.badInput');
    return false;
  }
}

describe('the input of a tool', () => {
  const odd = fc.oneof(
    fc.constantFrom(undefined, null, true, false, 0, 1, 5, 50, 51, 100, 101, 200, 500, 501, 32_768, 32_769, -1, 1.5),
    fc.constantFrom(
      '',
      ' ',
      'previous',
      'ota_0',
      'error',
      'warning',
      'delivery',
      'x'.repeat(300),
      'x'.repeat(301),
      [],
      {},
    ),
  );

  for (const tool of declared) {
    const name = tool.name.slice('esp32ota_'.length) as ToolName;

    it(`${tool.name} is what package.json declares, no more and no less`, () => {
      const fields = [...Object.keys(tool.inputSchema.properties), 'other'];
      const input = fc.dictionary(fc.constantFrom(...fields), odd, { maxKeys: 4 }).map(
        // null stands for what is left out
        (value) => Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined && one !== null)),
      );
      const accepts = acceptsInput(tool);
      fc.assert(
        fc.property(input, (value) => {
          expect(isTaken(name, value), JSON.stringify(value)).toBe(accepts(value));
        }),
        { numRuns: 400 },
      );
    });
  }

  it('is an object, or nothing at all', () => {
    expect(isTaken('list_boards', undefined)).toBe(true);
    for (const value of ['x', 3, [], true]) expect(isTaken('list_boards', value)).toBe(false);
  });
});

describe('what a model reads of a tool', () => {
  it('says what it gives and when to use it, in a bounded text', () => {
    expect(declared.map(({ name }) => name)).toEqual(TOOLS.map(toolId));
    for (const { name, modelDescription, inputSchema, canBeReferencedInPrompt, icon } of declared) {
      expect(modelDescription.length, name).toBeGreaterThan(80);
      expect(modelDescription.length, name).toBeLessThan(1024);
      expect(canBeReferencedInPrompt, name).toBe(true);
      expect(icon, name).toMatch(/^\$\([a-z-]+\)$/);
      expect(inputSchema.additionalProperties, name).toBe(false);
      for (const [field, { description }] of Object.entries(inputSchema.properties))
        expect(description, `${name}.${field}`).toMatch(/^[A-Z].*\.$/s);
    }
  });

  it('does not say that a check only reads files: it asks Git, and looks whether the port is free', () => {
    const { modelDescription } = declared.find(({ name }) => name === toolId('check_setup')) ?? {};
    expect(modelDescription).toContain('Changes nothing');
    expect(modelDescription).not.toContain('files only');
  });

  it('says that a question comes first wherever one does, and that a console is data', () => {
    const asking = [
      'start_server',
      'stop_server',
      'rehearse_update',
      'deliver_update',
      'read_slots',
      'boot_slot',
    ] as const;
    for (const { name, modelDescription } of declared) {
      const isAsking = asking.some((one) => toolId(one) === name);
      expect(/user is asked first/i.test(modelDescription), name).toBe(isAsking);
    }
    for (const name of ['monitor_tail', 'last_update'] as const)
      expect(declared.find((one) => one.name === toolId(name))?.modelDescription).toMatch(
        /data.*(never|not).*instructions/,
      );
  });
});

describe('what the user agreed to', () => {
  const input = { port: 'COM5', slot: 'ota_0' };

  it('is what runs, in whatever order the fields come', () => {
    const agreements = new Agreements();
    agreements.ask('boot_slot', input, 'COM5, CP2102');
    agreements.mustMatch('boot_slot', { slot: 'ota_0', port: 'COM5' }, 'COM5, CP2102');
  });

  it('is not what runs once that has changed, nor what was asked for something else, nor what nobody was asked', () => {
    const agreements = new Agreements();
    const isRefused = (tool: string, given: unknown, what: string): void => {
      expect(() => {
        agreements.mustMatch(tool, given, what);
      }).toThrow(expect.objectContaining({ code: 'tool.changed' }) as Error);
    };
    agreements.ask('boot_slot', input, 'COM5, CP2102');
    isRefused('boot_slot', input, 'COM5, CH340');
    isRefused('boot_slot', { ...input, port: 'COM6' }, 'COM5, CP2102');
    isRefused('deliver_update', undefined, 'COM5, CP2102');
    // declined, and asked for another board then: what counts is the last question
    agreements.ask('deliver_update', {}, 'COM5');
    agreements.ask('deliver_update', {}, 'virtual boards');
    isRefused('deliver_update', {}, 'COM5');
    agreements.mustMatch('deliver_update', undefined, 'virtual boards');
  });

  it('is forgotten some time, not kept for ever', () => {
    const agreements = new Agreements();
    for (let asked = 0; asked < 200; asked += 1) agreements.ask('boot_slot', { slot: `${asked}` }, 'x');
    expect(() => {
      agreements.mustMatch('boot_slot', { slot: '0' }, 'x');
    }).toThrow();
    agreements.mustMatch('boot_slot', { slot: '199' }, 'x');
  });
});

describe('an answer', () => {
  it('is compact JSON without what is not there', () => {
    expect(answerText({ a: 1, b: undefined, c: [true, null, 'x'], d: Number.NaN })).toBe(
      '{"a":1,"c":[true,null,"x"],"d":null}',
    );
  });

  it('has no long texts, and is never too long', () => {
    expect(JSON.parse(answerText('x'.repeat(2000)))).toHaveLength(LONGEST_STRING);
    const much = answerText(Array.from({ length: 5000 }, () => 'y'.repeat(LONGEST_STRING)));
    expect(much.length).toBeLessThanOrEqual(LONGEST_ANSWER);
    expect(JSON.parse(much)).toMatchObject({ isCut: true });
  });

  it('is cut between characters', () => {
    expect(cut('ab', 2)).toBe('ab');
    expect(cut('abc', 2)).toBe('a…');
    expect(cut('a😀bc', 3)).toBe('a…');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 2, max: 30 }), (text, most) => {
        const short = cut(text, most);
        expect(short.length).toBeLessThanOrEqual(most);
        expect(short).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });
});

describe('a secret in an answer', () => {
  const texts: readonly [text: string, secret: string][] = [
    ['wifi station: connected to ap SSID:home password:hunter2000', 'hunter2000'],
    ['I (513) wifi: pwd = "correct horse"', 'correct horse'],
    ['"psk": "abcdefgh"', 'abcdefgh'],
    ['GET https://me:geheim@host/app.bin', 'geheim'],
    ['https://storage/app.bin?sv=1&sig=AbC%2Fdef&x=1', 'AbC%2Fdef'],
    ['https://host/app.bin?access_token=eyJhbGci.x.y', 'eyJhbGci'],
    ['X-Amz-Signature: https://s3/app?X-Amz-Signature=0123abcd', '0123abcd'],
    ['Authorization: Bearer abcdef.ghijkl', 'abcdef.ghijkl'],
    ['authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
    ['-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----', 'MHcCAQEE'],
    ['api_key=0123456789', '0123456789'],
    ['mqtt client_secret: s3cr3t!', 's3cr3t!'],
    ['joining home pass=secret99', 'secret99'],
    ['wifiPassword = hunter2000', 'hunter2000'],
    ['AUTHTOKEN: abc123xyz', 'abc123xyz'],
    ['wifi_key="correct horse"', 'correct horse'],
    ['PASSWORD2=second99', 'second99'],
    ['https://host/app.bin?psk=0123abcd', '0123abcd'],
  ];

  for (const [text, secret] of texts) {
    it(`is masked in ${text.split('\n')[0] ?? ''}`, () => {
      expect(maskSecrets(text)).not.toContain(secret);
      expect(maskSecrets(text)).toContain('***');
    });
  }

  it('of the configuration is masked wherever it stands', () => {
    const secrets = secretValues([
      ['EXAMPLE_WIFI_PASSWORD', 'correct horse battery'],
      ['ESP_WIFI_SOFTAP_PASSWORD', 'tiny'],
      ['EXAMPLE_WIFI_SSID', 'my network'],
      ['MQTT_API_KEY', 'correct horse battery staple'],
    ]);
    expect(maskSecrets('joining with correct horse battery, key correct horse battery staple', secrets)).toBe(
      'joining with ***, key ***',
    );
    // hiding a short word would hide it in words of the language too
    expect(maskSecrets('tiny my network', secrets)).toBe('tiny my network');
    expect(answerText({ a: ['x correct horse battery y'] }, secrets)).toBe('{"a":["x *** y"]}');
  });

  it('is known by the name of its option', () => {
    for (const name of [
      'WIFI_PWD',
      'WIFI_KEY',
      'ACCESS_KEY',
      'AUTHTOKEN',
      'WIFI_PASSWORD2',
      'AP_PIN',
      'MQTT_CREDENTIAL',
    ])
      expect(secretValues([[`EXAMPLE_${name}`, 'correct horse']]), name).toEqual(['correct horse']);
    for (const name of ['SECURE_BOOT_SIGNING_KEY', 'SECURE_BOOT_VERIFICATION_KEY', 'WIFI_SSID', 'KEYBOARD', 'COMPASS'])
      expect(secretValues([[name, 'correct horse']]), name).toEqual([]);
  });

  it('that takes several lines of a console is masked in all of them, with or without its first', () => {
    const key = ['-----BEGIN EC PRIVATE KEY-----', 'MHcCAQEEIabcdef', 'oAoGCCqGSM49', '-----END EC PRIVATE KEY-----'];
    const masked = maskLines(['I (1) app: key follows', ...key, 'I (2) app: password: hunter2000', 'I (3) app: ready']);
    expect(masked).toEqual([
      'I (1) app: key follows',
      '*** private key',
      '***',
      '***',
      '***',
      'I (2) app: password: ***',
      'I (3) app: ready',
    ]);
    expect(maskLines([...key.slice(1), 'ready'])).toEqual(['***', '***', '***', 'ready']);
    expect(maskLines([key.join('\\n'), 'ready'])).toEqual(['*** private key', 'ready']);
    // one that never ends does not hide a console for ever
    const lines = Array.from({ length: 200 }, (_, index) => `line ${index}`);
    expect(maskLines([key[0] ?? '', ...lines]).at(-1)).toBe('line 199');
  });

  it('is not seen in what has none', () => {
    for (const text of [
      'self test: pass: 5 fail: 0',
      'I (1234) esp_https_ota: Starting OTA...',
      'https://192.168.0.5:8070/blink.bin?version=1.2.0',
      'sha256 0123456789abcdef',
      'CONFIG_EXAMPLE_SKIP_COMMON_NAME_CHECK=y',
      'esp-tls: Failed to verify peer certificate, code: -0x2700',
      'user@host ssid: home',
    ])
      expect(maskSecrets(text)).toBe(text);
  });

  it('costs no more than the text is long', () => {
    const text = `${'password '.repeat(5000)}${'a-'.repeat(5000)}${'https://'.repeat(5000)}${'-----BEGIN '.repeat(2000)}`;
    const startMs = performance.now();
    maskSecrets(text);
    expect(performance.now() - startMs).toBeLessThan(1000);
  });
});

describe('an error of a tool', () => {
  it('says what happened, its code and the ways out', () => {
    expect(toolError(new OtaError('tool.slotsNotRead', { port: 'COM5' }), []).message).toBe(
      'The slots of COM5 are not known, or have changed since. Reading them restarts the board. [tool.slotsNotRead] Ways out: the command esp32Ota.readSlots (Read Slots).',
    );
  });

  it('has no secrets, whoever threw it', () => {
    expect(toolError(new Error('no route to https://me:geheim@host'), []).message).toBe(
      'Something unexpected went wrong: no route to https://***@host',
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineSign } from '../../../src/doctor/signs.ts';
import { isCause } from '../../../src/doctor/causes.ts';
import { planOptions } from '../../../src/doctor/option-edits.ts';
import { callFromAppMain } from '../../../src/doctor/setup/c-source.ts';
import { addComponentFolder, addToComponent } from '../../../src/doctor/setup/component-file.ts';
import { layOutTwoSlots } from '../../../src/doctor/setup/two-slots.ts';
import { formatPartitionCsv, parsePartitionCsv } from '../../../src/image/partition-csv.ts';
import { otaSlots, otadataPartition, type Partition } from '../../../src/image/partition-table.ts';

const row = (label: string, type: number, subtype: number, offset: number, size: number): Partition => ({
  label,
  type,
  subtype,
  offset,
  size,
  isEncrypted: false,
  isReadonly: false,
});

/** Without what was put in: every other byte has to be there, in its order. */
function without(after: string, ...pieces: readonly string[]): string {
  return pieces.reduce((text, piece) => text.replace(piece, ''), after);
}

describe('a call in app_main()', () => {
  const add = (text: string): string | undefined => callFromAppMain(text, 'ota_update.h', 'ota_update_run');

  it('stands first, in the indentation of what follows', () => {
    expect(add('#include <stdio.h>\nvoid app_main(void)\n{\n\n  int i = 0;\n}\n')).toBe(
      '#include <stdio.h>\n#include "ota_update.h"\nvoid app_main(void)\n{\n  ota_update_run();\n\n  int i = 0;\n}\n',
    );
    expect(add('void app_main(void) {}')).toBe(
      '#include "ota_update.h"\nvoid app_main(void) {\n    ota_update_run();\n    }',
    );
  });

  it('is not put where only a comment, a text or a declaration has the name', () => {
    expect(add('// app_main() {\nint x;\n')).toBeUndefined();
    expect(add('char *text = "app_main() {";\n')).toBeUndefined();
    expect(add('void app_main(void);\n')).toBeUndefined();
  });

  it('gets its header behind the includes that always count', () => {
    const text =
      '#include "a.h"\n#if X\n#include "b.h"\n#endif\n// #include "c.h"\nvoid app_main(void)\n{\n    a();\n}\n';
    expect(add(text)).toContain('#include "a.h"\n#include "ota_update.h"\n#if X\n');
    expect(add(add(text) ?? '')?.match(/ota_update\.h/g)).toHaveLength(1);
  });

  it('leaves every other byte alone, whatever the source is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (before, body) => {
        const text = `${before}\nvoid app_main(void)\n{\n    go();${body}`;
        const after = add(text);
        if (after !== undefined)
          expect(without(after, '#include "ota_update.h"\n', '    ota_update_run();\n').length).toBe(text.length);
        add(body);
      }),
    );
  });
});

describe('a component that registers more', () => {
  const additions = { source: 'ota_update.c', components: ['esp_https_ota', 'nvs_flash'], embeddedText: '../ca.pem' };

  it.each([
    [
      'everything in one line',
      'idf_component_register(SRCS "main.c" INCLUDE_DIRS ".")\n',
      'idf_component_register(SRCS "main.c" "ota_update.c" INCLUDE_DIRS "."\n                       EMBED_TXTFILES "../ca.pem")\n',
    ],
    [
      'sources of a folder, components listed',
      'idf_component_register(\n    SRC_DIRS "."\n    REQUIRES nvs_flash # here\n)\n',
      'idf_component_register(\n    SRC_DIRS "."\n    REQUIRES nvs_flash esp_https_ota\n    EMBED_TXTFILES "../ca.pem" # here\n)\n',
    ],
    [
      'sources that CMake collects, a text embedded already',
      'file(GLOB srcs *.c)\nidf_component_register(SRCS ${srcs} EMBED_TXTFILES "../ca.pem" "page.html")\n',
      'file(GLOB srcs *.c)\nidf_component_register(SRCS ${srcs} EMBED_TXTFILES "../ca.pem" "page.html")\n',
    ],
    [
      'sources in a variable',
      'idf_component_register(SRCS ${srcs})',
      'idf_component_register(SRCS ${srcs} "ota_update.c"\n                       EMBED_TXTFILES "../ca.pem")',
    ],
  ])('%s', (_, before, after) => {
    expect(addToComponent(before, additions)).toBe(after);
    expect(addToComponent(after, additions)).toBe(after);
  });

  it('is not touched when it is written in an older form', () => {
    expect(addToComponent('set(COMPONENT_SRCS "main.c")\nregister_component()\n', additions)).toBeUndefined();
    expect(addToComponent('idf_component_register()\n', additions)).toBeUndefined();
  });

  it('is never broken, whatever stands around', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (noise) => {
        addToComponent(noise, additions);
        const text = `idf_component_register(SRCS "main.c")\n${noise}`;
        const after = addToComponent(text, additions) ?? '';
        expect(after.endsWith(noise)).toBe(true);
        addComponentFolder(noise, 'folder/of/components');
      }),
    );
  });
});

describe('a folder of components', () => {
  const include = 'include($ENV{IDF_PATH}/tools/cmake/project.cmake)\nproject(x)\n';
  it('stands before what reads it, once', () => {
    const after =
      addComponentFolder(`cmake_minimum_required(VERSION 3.16)\n${include}`, '$ENV{IDF_PATH}/examples/connect') ?? '';
    expect(after).toContain('list(APPEND EXTRA_COMPONENT_DIRS "$ENV{IDF_PATH}/examples/connect")\n\ninclude(');
    expect(addComponentFolder(after, '$ENV{IDF_PATH}/examples/connect')).toBe(after);
    expect(addComponentFolder('project(x)\n', 'a')).toBeUndefined();
  });
});

describe('options', () => {
  const project = { folder: '/p', sdkconfigPath: '/p/sdkconfig', defaults: [] };
  const plan = (sdkconfig: string, options: Parameters<typeof planOptions>[2]): Record<string, string> =>
    Object.fromEntries(
      planOptions(project, (path) => (path === '/p/sdkconfig' ? sdkconfig : undefined), options).map(
        ({ path, after }) => [path, after],
      ),
    );

  it('of a choice turn the others off, and what follows from it', () => {
    const edits = plan(
      'CONFIG_LOG_DEFAULT_LEVEL_WARN=y\n# CONFIG_LOG_DEFAULT_LEVEL_INFO is not set\nCONFIG_LOG_DEFAULT_LEVEL=2\n',
      {
        LOG_DEFAULT_LEVEL_INFO: true,
      },
    );
    expect(edits['/p/sdkconfig']).toBe(
      '# CONFIG_LOG_DEFAULT_LEVEL_WARN is not set\nCONFIG_LOG_DEFAULT_LEVEL_INFO=y\nCONFIG_LOG_DEFAULT_LEVEL=3\n',
    );
    expect(edits['/p/sdkconfig.defaults']).toBe('CONFIG_LOG_DEFAULT_LEVEL_INFO=y\n');
  });

  it('that are so already change nothing', () => {
    const text = 'CONFIG_A=y\nCONFIG_B="x"\nCONFIG_C=5\n# CONFIG_D is not set\n';
    const options = { A: true, B: 'x', C: 5, D: false, E: null };
    expect(
      planOptions(
        {
          ...project,
          defaults: [{ path: '/p/d', content: { entries: new Map(), deprecated: new Map(), problems: [] } }],
        },
        () => text,
        options,
      ),
    ).toEqual([]);
  });

  it('are set once, whatever the file has', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (noise) => {
        const options = { ESPTOOLPY_FLASHSIZE_4MB: true, OTA_UPDATE_URL: 'https://x/y.bin' };
        const texts: Record<string, string> = { '/p/sdkconfig': noise, ...plan(noise, options) };
        expect(planOptions(project, (path) => texts[path], options)).toEqual([]);
      }),
    );
  });
});

describe('two slots', () => {
  it('find room around any data, and never touch it', () => {
    const sizes = fc.integer({ min: 1, max: 0x80 }).map((sectors) => sectors * 0x1000);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(sizes, sizes), { maxLength: 8 }),
        fc.constantFrom(2, 4, 8, 16),
        (blocks, megabytes) => {
          let offset = 0x9000;
          const data = blocks.map(([gap, size], index) => {
            const one = row(`data_${index}`, 1, 6, offset + gap, size);
            offset += gap + size;
            return one;
          });
          const flashSizeBytes = megabytes * 0x10_0000;
          const laidOut = layOutTwoSlots({
            partitions: data,
            tableOffset: 0x8000,
            flashSizeBytes,
            slotBytes: 0x4_0000,
          });
          if (laidOut === undefined) return;
          expect(laidOut).toEqual(expect.arrayContaining(data));
          expect(otadataPartition(laidOut)?.size).toBe(0x2000);
          const slots = otaSlots(laidOut);
          expect(slots).toHaveLength(2);
          expect(slots[0]?.size).toBe(slots[1]?.size);
          expect(slots[0]?.size).toBeGreaterThanOrEqual(0x4_0000);
          const { problems } = parsePartitionCsv(formatPartitionCsv(laidOut), {
            flashSizeBytes: Math.max(flashSizeBytes, offset),
            secure: 'v1',
          });
          expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
        },
      ),
    );
  });

  it('lie in two gaps where no gap holds both', () => {
    const laidOut = layOutTwoSlots({
      partitions: [row('storage', 1, 0x82, 0x20_0000, 0x10_0000)],
      tableOffset: 0x8000,
      flashSizeBytes: 0x40_0000,
      slotBytes: 0x8_0000,
    });
    expect(otaSlots(laidOut ?? []).map(({ offset, size }) => [offset, size])).toEqual([
      [0x1_0000, 0x10_0000],
      [0x30_0000, 0x10_0000],
    ]);
  });

  it('do not fit into a small flash', () => {
    const request = { partitions: [], tableOffset: 0x8000, flashSizeBytes: 0x10_0000, slotBytes: 0x8_0000 };
    expect(layOutTwoSlots(request)).toBeUndefined();
  });
});

describe('any line of a log', () => {
  it('has a cause that is known, or none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (line) => {
        const sign = lineSign(line);
        if (sign !== undefined) expect(isCause(sign.cause)).toBe(true);
      }),
    );
  });
});

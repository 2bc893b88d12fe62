import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  COMMANDS,
  CONTEXT_KEYS,
  SETTINGS_SECTION,
  TASK_TYPE,
  TOOLS,
  VIEWS,
  WALKTHROUGH,
  commandId,
  toolId,
  type SettingTypes,
} from '../../src/texts/contributions.ts';

interface Manifest {
  contributes: {
    commands: { command: string; title: string; category: string }[];
    configuration: {
      properties: Record<string, { type: string; default: unknown; enum?: string[]; markdownDescription: string }>;
    }[];
    views: Record<string, { id: string }[]>;
    viewsContainers: { activitybar: { id: string }[] };
    menus: Record<string, { command?: string; submenu?: string; when?: string }[]>;
    submenus: { id: string }[];
    taskDefinitions: { type: string }[];
    languageModelTools: { name: string }[];
    walkthroughs: { id: string; steps: { id: string; completionEvents: string[] }[] }[];
  };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const properties = Object.assign({}, ...manifest.contributes.configuration.map((one) => one.properties)) as Record<
  string,
  { type: string; default: unknown; enum?: string[] }
>;

/** One value of each setting's type; a key that is added to or removed from `SettingTypes` does not compile here. */
const SAMPLES: { [Key in keyof SettingTypes]: SettingTypes[Key] } = {
  'build.command': '',
  'build.idfPath': '',
  'metadata.releaseNotes': '',
  'server.protocol': 'https',
  'server.port': 8070,
  'server.bindAddress': '',
  'server.advertisedHost': '',
  'server.allowPublicClients': false,
  'server.keepReleases': 5,
  'certificate.mode': 'authority',
  'certificate.keyType': 'rsa',
  'certificate.ownCertificate': '',
  'certificate.ownKey': '',
  'serial.port': '',
  'serial.remotePorts': [],
  'serial.reset': 'auto',
  'serial.resetSequence': '',
  'flash.baud': 921600,
  'flash.onlyChangedBlocks': true,
  'deliver.trigger': 'wait',
  'deliver.httpRequest': [],
  'deliver.allowPublicBoards': false,
  'deliver.canary': true,
  'deliver.bumpVersion': 'ask',
  'deliver.build': true,
  'deliver.waitMinutes': 10,
  'deliver.keepHistory': 100,
  'monitor.baud': 0,
  'monitor.timestamps': false,
  'monitor.filter': '',
  'monitor.lineEnd': 'cr',
  'monitor.logToFile': false,
  'monitor.logFile': '',
  'monitor.logFileMegabytes': 10,
  'monitor.logFilesKept': 4,
  'virtualBoard.client': 'auto',
  'virtualBoard.kilobytesPerSecond': 0,
};

function sorted(values: Iterable<string>): string[] {
  return [...values].sort();
}

describe('package.json and src/editor/contributions.ts', () => {
  it('declare the same commands', () => {
    const declared = manifest.contributes.commands.map((one) => one.command);
    expect(sorted(declared)).toEqual(sorted(COMMANDS.map(commandId)));
  });

  it('put every command into the category of the product', () => {
    expect(new Set(manifest.contributes.commands.map((one) => one.category))).toEqual(new Set(['ESP32 OTA']));
  });

  it('declare the same settings with defaults of the typed kind', () => {
    expect(sorted(Object.keys(properties))).toEqual(
      sorted(Object.keys(SAMPLES).map((key) => `${SETTINGS_SECTION}.${key}`)),
    );
    for (const [key, sample] of Object.entries(SAMPLES)) {
      expect(typeof properties[`${SETTINGS_SECTION}.${key}`]?.default, key).toBe(typeof sample);
    }
  });

  it('restrict only settings that exist', () => {
    for (const key of manifest.capabilities.untrustedWorkspaces.restrictedConfigurations)
      expect(properties).toHaveProperty([key]);
  });

  it('declare the same views', () => {
    expect(manifest.contributes.viewsContainers.activitybar.map((one) => one.id)).toEqual([VIEWS.container]);
    expect(sorted(manifest.contributes.views[VIEWS.container]?.map((one) => one.id) ?? [])).toEqual(
      sorted([VIEWS.firmware, VIEWS.devices, VIEWS.updates]),
    );
  });

  it('declare the same walkthrough, whose steps are completed by what is so and not by a click', () => {
    expect(
      manifest.contributes.walkthroughs.map(({ id, steps }) => ({ id, steps: steps.map((step) => step.id) })),
    ).toEqual([WALKTHROUGH]);
    const events = manifest.contributes.walkthroughs.flatMap(({ steps }) => steps.map((step) => step.completionEvents));
    expect(events.map((one) => one.map((event) => event.split(':')[0]))).toEqual(
      events.map(() => ['onContext', 'onContext']),
    );
  });

  it('declare the same tools for language models', () => {
    expect(sorted(manifest.contributes.languageModelTools.map((one) => one.name))).toEqual(sorted(TOOLS.map(toolId)));
  });

  it('declare the same task type', () => {
    expect(manifest.contributes.taskDefinitions.map((one) => one.type)).toEqual([TASK_TYPE]);
  });

  it('use only context keys that exist, and use each of them', () => {
    const text = readFileSync('package.json', 'utf8');
    const whens = [...text.matchAll(/"when": "((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? '');
    const completions = manifest.contributes.walkthroughs.flatMap(({ steps }) =>
      steps.flatMap(({ completionEvents }) => completionEvents),
    );
    const used = new Set(
      [...whens, ...completions].flatMap((when) =>
        [...when.matchAll(/\besp32Ota\.(\w+)/g)].map((match) => match[1] ?? ''),
      ),
    );
    for (const view of [VIEWS.firmware, VIEWS.devices, VIEWS.updates]) used.delete(view.replace('esp32Ota.', ''));
    expect(sorted(used)).toEqual(sorted(CONTEXT_KEYS));
  });

  it('name only commands that exist in menus', () => {
    const known = new Set<string>(COMMANDS.map(commandId));
    for (const items of Object.values(manifest.contributes.menus)) {
      for (const item of items) {
        if (item.submenu === undefined) expect(known).toContain(item.command);
        else expect(manifest.contributes.submenus.map(({ id }) => id)).toContain(item.submenu);
      }
    }
    for (const { id } of manifest.contributes.submenus) expect(manifest.contributes.menus).toHaveProperty([id]);
  });

  it('hide every command that cannot run always from the palette by a condition', () => {
    const conditioned = new Set(manifest.contributes.menus['commandPalette']?.map((one) => one.command));
    const always = [
      'getStarted',
      'openExample',
      'createCertificate',
      'showCertificate',
      'useOwnCertificate',
      'showServerLog',
    ] as const;
    expect(sorted(COMMANDS.map(commandId).filter((id) => !conditioned.has(id)))).toEqual(sorted(always.map(commandId)));
  });
});

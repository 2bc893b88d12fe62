import { basename } from 'node:path';
import { chipByTarget } from '../../image/chips.ts';
import { recogniseFile } from '../../image/recognise-file.ts';
import { verifyImage, type ImageCheck, type ImageCheckId } from '../../image/verify-image.ts';
import { isIdfAtLeast } from '../../idf/idf-version.ts';
import type { BuiltImage } from '../../idf/project.ts';
import type { DoctorFacts } from '../facts.ts';
import { finding, type Finding, type Fix } from '../finding.ts';

const BUILD: Fix = { kind: 'command', id: 'build', command: 'buildFirmware', needs: [] };
const SET_UP: Fix = { kind: 'command', id: 'setUp', command: 'setUpForOta', needs: ['rebuild'] };

/** What of an image's bytes alone can be said, kept with them: they never change. */
const known = new WeakMap<Uint8Array, { readonly kind: string; readonly hasClient: boolean }>();
const verified = new WeakMap<Uint8Array, { readonly key: string; readonly checks: readonly ImageCheck[] }>();

/** Whether the image that would be delivered is one that the board takes, and can be updated from again. */
export function imageFindings(facts: DoctorFacts): readonly Finding[] {
  const { app, unsignedAppPath, buildFolder } = facts.project;
  if (app === undefined) {
    // an unsigned image only: it is signed elsewhere before it can be delivered
    if (unsignedAppPath !== undefined)
      return [finding('image-unsigned', { file: basename(unsignedAppPath) }, { at: { path: unsignedAppPath } })];
    const missing = finding('image-missing', { hasBuildFolder: buildFolder !== undefined }, { fixes: [BUILD] });
    return [
      missing,
      ...(lacksClient(facts) ? [finding('image-no-update-client', { file: 'main' }, { fixes: [SET_UP] })] : []),
    ];
  }
  const at = { path: app.path };
  const file = basename(app.path);
  const { kind, hasClient } = aboutBytes(app.bytes);
  if (kind !== 'app') return [finding('image-not-an-app', { file, kind }, { at, fixes: [BUILD] })];
  return [
    ...verifyFindings(facts, app, file),
    ...(hasClient || mayHaveClient(facts)
      ? []
      : [finding('image-no-update-client', { file }, { at, fixes: [SET_UP] })]),
  ];
}

function aboutBytes(bytes: Uint8Array): { readonly kind: string; readonly hasClient: boolean } {
  let about = known.get(bytes);
  if (about === undefined) {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    // tags of the components' log lines, which are in every image that links them
    const hasClient = ['esp_https_ota', 'esp_ota_ops', 'ArduinoOTA'].some((tag) => buffer.includes(tag, 0, 'latin1'));
    about = { kind: recogniseFile(bytes).kind, hasClient };
    known.set(bytes, about);
  }
  return about;
}

/** Before a build the sources tell, where they all were searched. */
function lacksClient({ project: { sources } }: DoctorFacts): boolean {
  return sources.clientKind === 'unknown' && sources.isComplete && sources.paths.length > 0;
}

/** Log tags are not in images without logging, and not every source is searched. */
function mayHaveClient({ project }: DoctorFacts): boolean {
  const hasNoLog = (project.builtConfig?.int('LOG_MAXIMUM_LEVEL') ?? project.config.int('LOG_MAXIMUM_LEVEL')) === 0;
  return project.sources.clientKind !== 'unknown' || !project.sources.isComplete || hasNoLog;
}

/** The chip of the board where that is known, else the one the project is for. */
function expectedChip({ board, project }: DoctorFacts): number | undefined {
  const target = board?.chip ?? project.target;
  return target === undefined ? undefined : chipByTarget(target)?.id;
}

function verifyFindings(facts: DoctorFacts, app: BuiltImage, file: string): readonly Finding[] {
  const { project, board } = facts;
  const chipId = expectedChip(facts);
  const expect = {
    ...(chipId === undefined ? {} : { chipId }),
    ...(board?.chipRevision === undefined ? {} : { chipRevision: board.chipRevision }),
    ...(board?.secureVersion === undefined || !project.ota.isAntiRollbackEnabled
      ? {}
      : { minSecureVersion: board.secureVersion }),
    // compared by firmware from ESP-IDF 6.1 on, unless it was built without
    ...(board?.spiFlashMode === undefined ||
    !isIdfAtLeast(project.idfVersion, 6, 1) ||
    project.config.bool('ESP_HTTPS_OTA_VERIFY_SPI_MODE') === false
      ? {}
      : { spiFlashMode: board.spiFlashMode }),
    signatureRequired: project.ota.isSignatureRequired,
  };
  const key = JSON.stringify(expect);
  let checks = verified.get(app.bytes);
  if (checks?.key !== key) {
    checks = { key, checks: verifyImage(app.bytes, expect) };
    verified.set(app.bytes, checks);
  }
  return checks.checks.flatMap((check) => {
    const found =
      check.outcome === 'failed' || check.id === 'signature' ? tellings[check.id]?.(check, file) : undefined;
    return found === undefined ? [] : [{ ...found, path: app.path }];
  });
}

const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function damaged({ id }: ImageCheck, file: string): Finding {
  return finding('image-damaged', { file, check: id }, { fixes: [BUILD] });
}

/** What a failed check means. Size, version and description are told by other groups or say nothing by themselves. */
const tellings: Partial<Record<ImageCheckId, (check: ImageCheck, file: string) => Finding | undefined>> = {
  headers: ({ details }, file) =>
    finding(
      'image-too-short',
      { file, bytes: number(details['availableBytes']), needed: number(details['neededBytes']) },
      { fixes: [BUILD] },
    ),
  magic: damaged,
  segments: damaged,
  checksum: damaged,
  digest: damaged,
  chip: ({ details }, file) =>
    finding(
      'image-wrong-chip',
      { file, found: text(details['foundName']), expected: text(details['expectedName']) },
      { fixes: [BUILD] },
    ),
  revision: ({ details }, file) =>
    finding('image-chip-revision', {
      file,
      minimum: number(details['minimum']),
      maximum: number(details['maximum']),
      revision: number(details['revision']),
    }),
  spiMode: ({ details }, file) =>
    finding('image-spi-mode', { file, found: text(details['found']), expected: text(details['expected']) }),
  signature: ({ details, outcome }, file) => {
    if (details['isSigned'] !== true)
      return outcome === 'failed' ? finding('image-unsigned', { file }, { fixes: [BUILD] }) : undefined;
    if (outcome === 'passed') return undefined;
    return finding(
      'image-signature',
      { file, scheme: text(details['scheme']) },
      { severity: outcome === 'failed' ? 'error' : 'warning', fixes: [BUILD] },
    );
  },
  secureVersion: ({ details }, file) =>
    finding('image-secure-version', { file, found: number(details['found']), minimum: number(details['minimum']) }),
};

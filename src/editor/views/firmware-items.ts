import { l10n } from 'vscode';
import { basename } from 'node:path';
import { smallestOtaSlot } from '../../idf/partition-source.ts';
import type { IdfProject } from '../../idf/project.ts';
import type { ResolvedVersion, VersionSourceKind } from '../../idf/version.ts';
import { chipByTarget } from '../../image/chips.ts';
import { imageTrusts } from '../../image/embedded-certificates.ts';
import { isOtaSlot, otaSlots, subtypeName, typeName, type Partition } from '../../image/partition-table.ts';
import { verifyImage, type ImageCheck } from '../../image/verify-image.ts';
import type { Release } from '../../server/release-store.ts';
import type { ServerCertificate } from '../../server/certificate-store.ts';
import type { ServerState } from '../../server/server-switch.ts';
import type { AddedImage } from '../../ota/added-images.ts';
import { bytesText, dayText, hexText, percentText, shortDigest } from '../../texts/text.ts';
import { checkName, checkResult, outcomeWord } from '../../texts/check-texts.ts';
import { outcomeIcon } from './outcome-icon.ts';
import type { TreeNode } from './tree-node.ts';

/** What the Firmware view shows, gathered from the sessions. */
export interface FirmwareState {
  readonly project: IdfProject | undefined;
  /** The project's folder as a person names it. */
  readonly folderName: string;
  readonly projectCount: number;
  readonly server: ServerState;
  readonly releases: readonly {
    readonly release: Release;
    readonly url: string | undefined;
    readonly added: AddedImage | undefined;
  }[];
  /** Rows of what was found in the setup; none until it was checked. */
  readonly setup: readonly TreeNode[];
  readonly certificate: ServerCertificate | undefined;
  readonly certificateMode: 'authority' | 'selfSigned' | 'own';
}

export function firmwareItems(state: FirmwareState): readonly TreeNode[] {
  const { project } = state;
  if (project === undefined) return [];
  return [
    projectItem(project, state),
    ...state.setup,
    versionItem(project.version),
    imageItem(project),
    tableItem(project),
    certificateItem(state, project),
    serverItem(state),
  ];
}

function projectItem(project: IdfProject, state: FirmwareState): TreeNode {
  const chip = project.target === undefined ? undefined : (chipByTarget(project.target)?.name ?? project.target);
  const version = project.idfVersion === undefined ? undefined : `ESP-IDF ${project.idfVersion.text}`;
  return {
    id: 'project',
    label: project.name,
    description: [chip, version, state.folderName].filter(Boolean).join(' · '),
    tooltip: project.folder,
    icon: 'folder-opened',
    contextValue: state.projectCount > 1 ? 'project-several' : 'project',
  };
}

export function sourceName(source: VersionSourceKind): string {
  const names: Record<VersionSourceKind, string> = {
    kconfig: l10n.t('from menuconfig (CONFIG_APP_PROJECT_VER)'),
    cmakeVariable: l10n.t('from PROJECT_VER in CMakeLists.txt'),
    versionTxt: l10n.t('from version.txt'),
    cmakeProject: l10n.t('from project(… VERSION) in CMakeLists.txt'),
    git: l10n.t('from git describe'),
    default: l10n.t('ESP-IDF’s default: nothing sets a version'),
  };
  return names[source];
}

function versionItem(version: ResolvedVersion): TreeNode {
  const { built } = version;
  const children: TreeNode[] = [];
  if (built !== undefined) {
    const agrees = built.agrees !== false;
    children.push({
      id: 'version/built',
      label: l10n.t('Built image says {0}', built.version === '' ? '–' : built.version),
      description: agrees ? l10n.t('matches') : l10n.t('build again to apply {0}', version.effective ?? '?'),
      ...outcomeIcon(agrees ? 'passed' : 'warned'),
    });
  }
  for (const source of version.shadowed) {
    children.push({
      id: `version/${source.source}`,
      label: source.value ?? l10n.t('computed by CMake'),
      description: l10n.t('{0}, has no effect', sourceName(source.source)),
      icon: 'circle-slash',
    });
  }
  return {
    id: 'version',
    label: l10n.t('Version {0}', version.effective ?? l10n.t('known after a build')),
    description: sourceName(version.source),
    icon: 'versions',
    contextValue: 'version',
    children,
  };
}

/** The checks of the built application against what the project says its boards are. */
export function imageChecks(project: IdfProject): readonly ImageCheck[] {
  if (project.app === undefined) return [];
  const chip = project.target === undefined ? undefined : chipByTarget(project.target);
  const slot = smallestOtaSlot(project.partitionTable.partitions);
  return verifyImage(project.app.bytes, {
    ...(chip === undefined ? {} : { chipId: chip.id }),
    ...(slot === undefined ? {} : { slotSizeBytes: slot.size }),
    signatureRequired: project.ota.isSignatureRequired,
  });
}

function imageItem(project: IdfProject): TreeNode {
  const { app } = project;
  if (app === undefined) {
    return {
      id: 'image',
      label: l10n.t('No image'),
      description: l10n.t('not built yet'),
      icon: 'package',
      contextValue: 'noImage',
      command: { name: 'buildFirmware', title: l10n.t('Build Firmware') },
    };
  }
  const checks = imageChecks(project);
  const shown = checks.filter((check) => check.outcome !== 'skipped');
  const worst = checks.some((one) => one.outcome === 'failed')
    ? 'failed'
    : checks.some((one) => one.outcome === 'warned')
      ? 'warned'
      : 'passed';
  const named = (outcome: ImageCheck['outcome']): string =>
    checks
      .filter((one) => one.outcome === outcome)
      .map((one) => checkName(one.id))
      .join(', ');
  const verdicts = {
    failed: l10n.t('failed: {0}', named('failed')),
    warned: l10n.t('warnings: {0}', named('warned')),
    passed: l10n.t('all checks passed ({0})', shown.length),
  };
  const verdict = verdicts[worst];
  return {
    id: 'image',
    label: basename(app.path),
    description: `${bytesText(app.bytes.length)} · ${verdict}`,
    tooltip: `${app.path}\nSHA-256 ${app.sha256}`,
    ...outcomeIcon(worst),
    contextValue: 'image',
    spoken: `${basename(app.path)}, ${bytesText(app.bytes.length)}, ${verdict}`,
    children: shown.map((check) => ({
      id: `image/${check.id}`,
      label: checkName(check.id),
      description: checkResult(check),
      ...outcomeIcon(check.outcome),
      spoken: `${checkName(check.id)}, ${outcomeWord(check.outcome)}, ${checkResult(check)}`,
    })),
  };
}

function tableItem(project: IdfProject): TreeNode {
  const table = project.partitionTable;
  const name = table.choice.file === undefined ? l10n.t('unknown') : basename(table.choice.file);
  const slots = otaSlots(table.partitions).length;
  const origins = {
    csv: l10n.t('from the project'),
    builtIn: l10n.t('built into ESP-IDF'),
    build: l10n.t('as last built'),
    none: l10n.t('not found'),
  };
  const hasErrors = table.problems.some((one) => one.severity === 'error');
  return {
    id: 'table',
    label: l10n.t('Partition table'),
    description: `${name} · ${origins[table.source]} · ${slots === 0 ? l10n.t('no OTA slots') : l10n.t('OTA slots: {0}', slots)}`,
    icon: hasErrors ? 'error' : 'layout',
    ...(hasErrors ? { color: 'testing.iconFailed', iconText: l10n.t('has errors') } : {}),
    contextValue: 'table',
    children: table.partitions.map((one, index) => partitionItem(one, index, project)),
  };
}

/** `▰▰▰▰▱▱▱▱▱▱` */
function fillBar(part: number, whole: number): string {
  const filled = Math.min(10, Math.ceil((10 * part) / whole));
  return '▰'.repeat(filled) + '▱'.repeat(10 - filled);
}

function partitionItem(partition: Partition, index: number, project: IdfProject): TreeNode {
  const size = bytesText(partition.size);
  const place = `${hexText(partition.offset)} · ${size}`;
  const kind = `${typeName(partition.type)}/${subtypeName(partition.type, partition.subtype)}`;
  const isApp = partition.type === 0 && (isOtaSlot(partition) || partition.subtype === 0);
  const used = isApp ? project.app?.bytes.length : undefined;
  const fill = used === undefined ? '' : ` · ${percentText(used, partition.size)} ${fillBar(used, partition.size)}`;
  const isTooSmall = used !== undefined && used > partition.size;
  return {
    id: `table/${index}-${partition.label}`,
    label: partition.label,
    description: `${place}${fill}`,
    tooltip: `${kind}, ${hexText(partition.offset)} – ${hexText(partition.offset + partition.size)}`,
    icon: isTooSmall ? 'error' : isApp ? 'symbol-file' : 'database',
    ...(isTooSmall ? { color: 'testing.iconFailed' } : {}),
    spoken: [
      partition.label,
      kind,
      l10n.t('at {0}', hexText(partition.offset)),
      size,
      ...(used === undefined
        ? []
        : [isTooSmall ? l10n.t('too small for the image') : l10n.t('{0} used', percentText(used, partition.size))]),
    ].join(', '),
  };
}

function certificateItem(state: FirmwareState, project: IdfProject): TreeNode {
  const { certificate } = state;
  const modes = {
    authority: l10n.t('signed by your local authority'),
    selfSigned: l10n.t('self-signed'),
    own: l10n.t('your own'),
  };
  if (certificate === undefined) {
    return {
      id: 'certificate',
      label: l10n.t('Certificate'),
      description: l10n.t('{0}, created when needed', modes[state.certificateMode]),
      icon: 'shield',
      contextValue: 'certificate-none',
      children: [installedItem(project, undefined), embeddedItem(project, undefined)].filter(
        (one) => one !== undefined,
      ),
    };
  }
  const { description, trustPem } = certificate;
  const children = [
    installedItem(project, trustPem),
    embeddedItem(project, trustPem),
    {
      id: 'certificate/names',
      label: l10n.t('Names and addresses'),
      description: [...new Set(description.names.map((name) => name.value))].join(', '),
      icon: 'globe',
    },
    {
      id: 'certificate/fingerprint',
      label: l10n.t('Fingerprint'),
      description: shortDigest(description.fingerprint),
      tooltip: `SHA-256 ${description.fingerprint}`,
      icon: 'key',
    },
  ].filter((one) => one !== undefined);
  const isReady = children.every((one) => one.icon !== 'warning');
  return {
    id: 'certificate',
    label: l10n.t('Certificate'),
    description: l10n.t('{0}, valid until {1}', modes[state.certificateMode], dayText(description.validToMs)),
    icon: isReady ? 'shield' : 'warning',
    ...(isReady ? {} : { color: 'list.warningForeground', iconText: l10n.t('needs attention') }),
    contextValue: 'certificate',
    children,
  };
}

function installedItem(project: IdfProject, trustPem: string | undefined): TreeNode {
  const { pem } = project.certificate;
  const isOurs = trustPem !== undefined && pem?.trim() === trustPem.trim();
  const file = basename(project.certificate.path);
  const outcome = pem === undefined ? 'warned' : trustPem === undefined ? 'skipped' : isOurs ? 'passed' : 'warned';
  const results = {
    passed: l10n.t('installed in the project'),
    warned: pem === undefined ? l10n.t('not in the project yet') : l10n.t('the project has another certificate'),
    skipped: l10n.t('in the project'),
    failed: '',
  };
  return {
    id: 'certificate/installed',
    label: file,
    description: results[outcome],
    tooltip: project.certificate.path,
    ...outcomeIcon(outcome),
  };
}

/** Whether the image that is built trusts the server: what counts is what is embedded, not what lies in the folder. */
function embeddedItem(project: IdfProject, trustPem: string | undefined): TreeNode | undefined {
  if (project.app === undefined || trustPem === undefined) return undefined;
  const { trusted } = imageTrusts(project.app.bytes, trustPem);
  return {
    id: 'certificate/embedded',
    label: basename(project.app.path),
    description: trusted
      ? l10n.t('trusts this server')
      : l10n.t('does not trust this server: install the certificate and build'),
    ...outcomeIcon(trusted ? 'passed' : 'warned'),
  };
}

function serverItem(state: FirmwareState): TreeNode {
  const { server } = state;
  if (server.kind !== 'on') {
    return {
      id: 'server',
      label: server.kind === 'off' ? l10n.t('Server off') : l10n.t('Server starting…'),
      icon: server.kind === 'off' ? 'debug-disconnect' : 'loading~spin',
      contextValue: server.kind === 'off' ? 'server-off' : 'server-starting',
      ...(server.kind === 'off' ? { command: { name: 'toggleServer' as const, title: l10n.t('Start Server') } } : {}),
    };
  }
  const children = state.releases.map(({ release, url, added }) => ({
    id: `server/${release.name}`,
    label: release.name,
    description: `${release.version} · ${bytesText(release.bytes.length)}`,
    tooltip: `${url ?? ''}\nSHA-256 ${release.sha256}`,
    icon: 'cloud-download',
    contextValue: added === undefined ? 'release' : 'release-added',
    payload: release.name,
  }));
  return {
    // not the row of a server that is off, which the editor remembers as collapsed
    id: 'server-on',
    label: l10n.t('Server on'),
    description: children.length === 0 ? l10n.t('{0}, nothing to serve yet: build first', server.url) : server.url,
    icon: 'broadcast',
    color: 'charts.green',
    contextValue: 'server-on',
    children,
    isExpanded: true,
  };
}

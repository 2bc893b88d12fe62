import * as l10n from '@vscode/l10n';
import { join, relative, resolve } from 'node:path';
import { OtaError } from '../base/ota-error.ts';
import { firmwareUrl } from '../doctor/firmware-url.ts';
import { findBuildInvocation } from '../idf/build-environment.ts';
import type { IdfProject } from '../idf/project.ts';
import { chipByTarget } from '../image/chips.ts';
import { imageTrusts } from '../image/embedded-certificates.ts';
import { projectJson } from '../json/project-json.ts';
import { timelineJson } from '../json/timeline-json.ts';
import type { TroubleName } from '../ota/board-trouble.ts';
import { buildCommandOf, copyProject } from '../ota/rehearsal-copy.ts';
import { rehearseProject } from '../ota/rehearse-project.ts';
import { runBuild } from '../ota/run-build.ts';
import type { ServerCertificate } from '../server/certificate-store.ts';
import { serverNames } from '../server/lan-addresses.ts';
import type { KeyType } from '../server/selfsigned.ts';
import type { CommandContext, CommandResult } from './command.ts';
import { conflict } from './conflict.ts';
import { openProject, shownPath, type OpenProject } from './open-project.ts';
import { ownCertificate, type OwnCertificate } from './own-certificate-options.ts';
import { readSize } from './read-size.ts';
import { exitCodeOfVerdict, timelineOutput } from './rehearsal-output.ts';
import { UsageError } from './usage-error.ts';

export interface RehearseOptions extends OwnCertificate {
  readonly client: 'auto' | 'simple' | 'advanced' | 'native';
  readonly kbps: number | undefined;
  readonly 'flash-size': string | undefined;
  readonly from: string | undefined;
  readonly trouble: TroubleName;
  readonly 'as-configured': boolean;
  readonly 'build-command': string | undefined;
  readonly 'key-type': KeyType;
  readonly console: boolean;
}

/** Runs `rehearse`.
 * @throws {OtaError} those of `openProject`, of the build, of `rehearseProject`; `rehearse.untrusted`
 * @throws {UsageError} `usage.conflict`, `usage.plainHttp` */
export async function rehearseInTerminal(
  context: CommandContext,
  options: RehearseOptions,
  [folder]: readonly string[],
): Promise<CommandResult> {
  const { files, signal, makers, note, noteStyle, log, clock, print, style } = context;
  if (options.certificate !== undefined && context.given.has('key-type'))
    throw conflict(['--certificate', '--key-type']);
  const flashSizeBytes = readSize('flash-size', options['flash-size']);
  const previous = await readImage(context, options.from);
  const opened = await openProject(context, folder);
  const credentials = await certificateFor(context, options, opened.project);
  const rehearsable = await builtWith(context, options, opened, credentials);
  try {
    const { project } = rehearsable;
    const name = [project.name, project.app?.image?.description?.version].filter(Boolean).join(' ');
    print(
      style.bold(
        l10n.t(
          'Rehearsing {0} on a virtual {1}',
          name,
          chipByTarget(project.target ?? 'esp32')?.name ?? project.target ?? '',
        ),
      ),
    );
    const output = timelineOutput(context, l10n.t('The virtual board boots'));
    const { timeline, ...board } = await rehearseProject({
      project,
      files,
      create: makers.createVirtualDevice,
      credentials,
      client: options.client,
      bytesPerSecond: options.kbps === undefined ? undefined : options.kbps * 1024,
      flashSizeBytes,
      previous,
      trouble: options.trouble,
      url: options['as-configured'] ? 'configured' : 'loopback',
      signal,
      onTimeline: (now) => {
        output.show(now);
      },
      onLine: options.console
        ? (line) => {
            note(noteStyle.dim(line));
          }
        : undefined,
      clock,
      logger: log,
    });
    output.end(timeline);
    const { url, ...device } = board;
    return {
      exitCode: exitCodeOfVerdict(timeline.verdict),
      data: {
        project: { ...projectJson(project), folder: opened.folder },
        ...(rehearsable.command === undefined ? {} : { builtCopyWith: rehearsable.command }),
        board: { ...device, trouble: options.trouble },
        url,
        ...timelineJson(timeline),
      },
    };
  } finally {
    await rehearsable.remove();
  }
}

async function readImage({ cwd, files }: CommandContext, given: string | undefined): Promise<Uint8Array | undefined> {
  if (given === undefined) return undefined;
  const path = resolve(cwd, given);
  const bytes = await files.read(path);
  if (bytes === undefined) throw new OtaError('file.unreadable', { path, reason: 'ENOENT' });
  return bytes;
}

/** What the server shows; none where the firmware asks over plain HTTP. */
async function certificateFor(
  context: CommandContext,
  options: RehearseOptions,
  project: IdfProject,
): Promise<ServerCertificate | undefined> {
  const url = project.ota.isUrlFromConsole ? undefined : firmwareUrl(project.ota.firmwareUrl?.value ?? '');
  if (url?.scheme === 'http') {
    const ofHttps = ['certificate', 'key', 'key-type'].filter((name) => context.given.has(name));
    if (ofHttps.length === 0) return undefined;
    throw new UsageError(
      'usage.plainHttp',
      l10n.t(
        'The firmware of {0} asks over plain HTTP, where there is no certificate for {1}.',
        project.name,
        ofHttps.map((name) => `--${name}`).join(', '),
      ),
      { options: ofHttps.map((name) => `--${name}`).join(' ') },
    );
  }
  const store = await context.makers.certificateStore();
  const own = ownCertificate(context.cwd, options);
  if (own !== undefined) return store.serverCertificate({ mode: 'own', ...own });
  const advertised = url === undefined ? {} : { advertisedHost: url.host };
  return store.serverCertificate({ keyType: options['key-type'], names: serverNames(advertised) });
}

/** A project whose image is there and trusts the server: as it is, or a copy. */
interface Rehearsable {
  readonly project: IdfProject;
  /** What the copy was built with. */
  readonly command?: string;
  remove(): Promise<void>;
}

/** @throws {OtaError} `command.noImage`, `rehearse.untrusted` where nobody knows how to build; those of the build and of the files */
async function builtWith(
  context: CommandContext,
  options: RehearseOptions,
  { folder, project, loader }: OpenProject,
  certificate: ServerCertificate | undefined,
): Promise<Rehearsable> {
  const { files, signal, note, noteStyle, log, cwd, env } = context;
  const { app } = project;
  const trustPem = certificate?.trustPem;
  const isBuilt = app?.image?.description !== undefined;
  const isTrusting = trustPem === undefined || (app !== undefined && imageTrusts(app.bytes, trustPem).trusted);
  if (options['build-command'] === undefined && isBuilt && isTrusting)
    return { project, remove: () => Promise.resolve() };
  const command = options['build-command'] ?? (await buildCommandOf(folder, files));
  const invocation =
    command === undefined
      ? undefined
      : findBuildInvocation({
          command,
          idfPath: '',
          idfPathVariable: env['IDF_PATH'],
          espIdfExtensionPath: undefined,
          platform: process.platform,
        });
  if (command === undefined || invocation === undefined) {
    if (app === undefined || !isBuilt) throw new OtaError('command.noImage', { path: folder });
    throw new OtaError('rehearse.untrusted', { path: app.path, isFresh: false });
  }
  const why = isBuilt
    ? l10n.t('The image of {0} does not trust the local authority.', shownPath(cwd, folder))
    : l10n.t('{0} is not built.', shownPath(cwd, folder));
  note(noteStyle.dim(`${why} ${l10n.t('Building a temporary copy with its certificate: {0}', command)}`));
  const copy = await copyProject(project, trustPem, files);
  try {
    let printed = '';
    await runBuild(
      copy.folder,
      invocation,
      (text) => {
        printed += text;
        log.info(text.trimEnd());
      },
      signal,
    ).catch((error: unknown) => {
      note(printed.trimEnd());
      throw error;
    });
    const built = await loader.load(copy.folder, signal);
    if (built.app?.image?.description === undefined) throw new OtaError('command.noImage', { path: folder });
    if (trustPem !== undefined && !imageTrusts(built.app.bytes, trustPem).trusted) {
      // the copy is gone when this is read
      const path = join(folder, relative(copy.folder, built.app.path));
      throw new OtaError('rehearse.untrusted', { path, isFresh: true });
    }
    return { project: built, command, remove: () => copy.remove() };
  } catch (error) {
    await copy.remove();
    throw error;
  }
}

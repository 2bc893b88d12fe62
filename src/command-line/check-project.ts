import * as l10n from '@vscode/l10n';
import { basename } from 'node:path';
import { checkSetup } from '../doctor/check-setup.ts';
import type { DoctorFacts } from '../doctor/facts.ts';
import { FINDING_GROUPS, FINDINGS, type FindingGroup, type Severity } from '../doctor/finding-ids.ts';
import type { Finding, Fix } from '../doctor/finding.ts';
import { findPrivateKeys } from '../idf/private-keys.ts';
import { idfVersionText } from '../idf/idf-version.ts';
import type { IdfProject } from '../idf/project.ts';
import { countsJson, findingJson } from '../json/finding-json.ts';
import { projectJson } from '../json/project-json.ts';
import { gitFacts } from '../ota/git-keys.ts';
import { hostFacts, isListening, readSetupTexts } from '../ota/setup-facts.ts';
import { lanAddresses } from '../server/lan-addresses.ts';
import { findingText, groupName } from '../texts/finding-texts.ts';
import { fixText, needsText } from '../texts/finding-texts/fixes.ts';
import type { CommandContext, CommandResult } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { openProject, shownPath } from './open-project.ts';
import { checkProtocol } from './server-options.ts';
import { certificateFactsOf, existingCertificate, serverFactsOf, type ServerPlan } from './server-plan.ts';
import { labelled, type Style } from './style.ts';
import { shellCommandOf, type Typed } from './ways-out.ts';

export interface CheckOptions extends ServerPlan {
  readonly 'warnings-as-errors': boolean;
  readonly server: boolean;
}

/** Runs `check`. @throws {OtaError} those of `openProject` and of the certificate store @throws {UsageError} `usage.conflict` */
export async function checkProject(
  context: CommandContext,
  options: CheckOptions,
  [folder]: readonly string[],
): Promise<CommandResult> {
  checkProtocol(options.protocol, context.given);
  const { project } = await openProject(context, folder);
  const findings = checkSetup(await factsOf(context, project, options.server ? options : undefined));
  const counts = countsJson(findings);
  printFindings(context, project, findings, counts);
  const isBad = counts.error > 0 || (options['warnings-as-errors'] && counts.warning > 0);
  return {
    exitCode: isBad ? EXIT.failed : EXIT.ok,
    data: {
      project: projectJson(project),
      counts,
      findings: findings.map((one) => findingJson(one, (fix) => inTerminal(fix, context.typed))),
    },
  };
}

async function factsOf(
  { files, makers, clock }: CommandContext,
  project: IdfProject,
  plan: ServerPlan | undefined,
): Promise<DoctorFacts> {
  const keys = await gitFacts(project.folder, await findPrivateKeys(project.folder, files));
  const [texts, host] = await Promise.all([readSetupTexts(project, keys, files), hostFacts(false)]);
  const common = { project, text: (path: string) => texts.get(path), privateKeys: keys, host, nowMs: clock.now() };
  // a project is as good or bad on every computer, unless it is asked about this one
  if (plan === undefined) return { ...common, addresses: [], host: { ...host, isWsl: false, isContainer: false } };
  const paths = project.app === undefined ? [] : [`/${encodeURIComponent(basename(project.app.path))}`];
  const certificate =
    plan.protocol === 'https' ? await existingCertificate(await makers.certificateStore(), plan) : undefined;
  return {
    ...common,
    addresses: lanAddresses(),
    server: { ...serverFactsOf(plan, paths), isPortTaken: await isListening(plan.port) },
    ...(certificate === undefined ? {} : { certificate: certificateFactsOf(certificate) }),
  };
}

/** What carries out a fix in a terminal. */
function inTerminal(fix: Fix, typed: Typed): { readonly message?: string; readonly run?: string } {
  if (fix.kind !== 'command') return {};
  const run = shellCommandOf(fix.command, typed);
  return run === undefined
    ? { message: l10n.t('{0} (in VS Code)', fixText(fix)) }
    : { message: `${fixText(fix)}: ${run}`, run };
}

function severityWord(severity: Severity): string {
  const words = { error: l10n.t('error'), warning: l10n.t('warning'), information: l10n.t('note') };
  return words[severity];
}

function coloured(style: Style, severity: Severity, text: string): string {
  const colours = { error: 'red', warning: 'yellow', information: 'blue' } as const;
  return style[colours[severity]](text);
}

/** `sdkconfig:12:3`, which terminals and editors make a link of. */
function placeOf(cwd: string, { path, range }: Finding): string {
  if (path === undefined) return '';
  const place = shownPath(cwd, path);
  return range === undefined ? place : `${place}:${range.line}:${range.column}`;
}

function printFindings(
  { print, style, cwd, typed }: CommandContext,
  project: IdfProject,
  findings: readonly Finding[],
  counts: Readonly<Record<Severity, number>>,
): void {
  const inGroup = (group: FindingGroup): readonly Finding[] =>
    findings.filter(({ id }) => FINDINGS[id].group === group);
  for (const group of FINDING_GROUPS) {
    const found = inGroup(group);
    if (found.length === 0) continue;
    print(style.bold(groupName(group)));
    for (const one of found) {
      const place = placeOf(cwd, one);
      const head = `${coloured(style, one.severity, severityWord(one.severity))}  ${style.dim(one.id)}`;
      print(place === '' ? `  ${head}` : `  ${place}  ${head}`);
      print(`    ${findingText(one)}`);
      const [fix] = one.fixes;
      if (fix !== undefined)
        print(
          `    ${labelled(l10n.t('fix:'), [inTerminal(fix, typed).message ?? fixText(fix), needsText(fix.needs)].filter(Boolean).join(' · '), style.green)}`,
        );
    }
    print();
  }
  const what = [
    project.name,
    project.version.value,
    project.target,
    project.idfVersion && idfVersionText(project.idfVersion),
  ]
    .filter(Boolean)
    .join(' · ');
  const sum = [
    counts.error === 0 ? '' : l10n.t('errors: {0}', counts.error),
    counts.warning === 0 ? '' : l10n.t('warnings: {0}', counts.warning),
    counts.information === 0 ? '' : l10n.t('notes: {0}', counts.information),
  ].filter(Boolean);
  const verdict = sum.length === 0 ? l10n.t('nothing stands in the way of an update') : sum.join(', ');
  const mark = counts.error > 0 ? style.red('✖') : counts.warning > 0 ? style.yellow('⚠') : style.green('✔');
  print(`${mark} ${what}: ${verdict}`);
}

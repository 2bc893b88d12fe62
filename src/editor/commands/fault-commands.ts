import { QuickPickItemKind, l10n, window, type QuickPickItem } from 'vscode';
import { showErrorMessage, showInformationMessage, showWarningMessage } from '../messages.ts';
import { onAnswer } from '../report-error.ts';
import { countVerdicts, faultReportMarkdown, isBaselineGood, type FaultReport } from '../../ota/fault-report.ts';
import {
  FAULTS,
  faultProfile,
  isAllowed,
  needsHttps,
  rangeOf,
  type FaultKind,
  type FaultParameter,
  type FaultProfile,
} from '../../server/faults/profiles.ts';
import { faultReportWords } from '../../texts/fault-report-words.ts';
import type { FaultTestHooks } from '../sessions/fault-session.ts';
import { virtualNumberOf } from '../../ota/virtual-port.ts';
import { faultText, groupText, parameterText } from '../../texts/fault-texts.ts';
import type { WindowSession } from '../window-session.ts';
import { requireTrust, withProgress, type Handler } from './run.ts';
import { startServer } from './server-commands.ts';

/** Where a test report is shown. */
const REPORT = 'fault-report';

export const serveWithFault: Handler = async (session) => {
  requireTrust();
  if (session.server.state.kind !== 'on') await startServer(session);
  const { state } = session.server;
  if (state.kind !== 'on') return;
  const kind = await pickFault(state.protocol === 'https');
  if (kind === undefined) return;
  const profile = await askParameters(kind);
  if (profile === undefined) return;
  // nobody can count connections that are not there: their time is a parameter
  const requests = kind.id === 'connectionRefused' ? 'untilStopped' : await askRequests(kind);
  if (requests === undefined) return;
  await session.server.setFault(profile, requests === 'untilStopped' ? undefined : requests);
};

export const stopFault: Handler = async ({ server }) => {
  await server.setFault(undefined);
};

interface FaultItem extends QuickPickItem {
  readonly fault?: FaultKind;
}

async function pickFault(isHttps: boolean): Promise<FaultKind | undefined> {
  const groups = ['transfer', 'image', 'answer', 'tls', 'connection'] as const;
  const items = groups.flatMap((group): FaultItem[] => {
    const faults = FAULTS.filter((one) => one.group === group && (isHttps || !needsHttps(one.id)));
    if (faults.length === 0) return [];
    return [
      { label: groupText(group), kind: QuickPickItemKind.Separator },
      ...faults.map((fault) => {
        const { name, does, healthy } = faultText(fault.id);
        return { label: name, description: does, detail: l10n.t('A healthy firmware {0}.', healthy), fault };
      }),
    ];
  });
  const chosen = await window.showQuickPick(items, {
    title: l10n.t('Serve with a fault'),
    placeHolder: l10n.t('Every board that asks this server gets it. It is in the status bar while it is on.'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  return chosen?.fault;
}

async function askParameters(kind: FaultKind): Promise<FaultProfile | undefined> {
  const values: Record<string, number | string> = {};
  for (const parameter of kind.parameters) {
    const typed = await window.showInputBox({
      title: faultText(kind.id).name,
      prompt: parameterText(kind.id, parameter),
      value: String(parameter.default),
      validateInput: (text) => (isAllowed(parameter, valueOf(parameter, text)) ? undefined : notAllowedText(parameter)),
    });
    if (typed === undefined) return undefined;
    values[parameter.id] = valueOf(parameter, typed);
  }
  return faultProfile(kind.id, values);
}

function valueOf(parameter: FaultParameter, text: string): number | string {
  if (parameter.unit === 'version') return text.trim();
  return text.trim() === '' ? Number.NaN : Number(text);
}

function notAllowedText(parameter: FaultParameter): string {
  return parameter.unit === 'version'
    ? l10n.t('A version has at most 31 characters.')
    : l10n.t('A number in the range {0}.', rangeOf(parameter));
}

async function askRequests(kind: FaultKind): Promise<number | 'untilStopped' | undefined> {
  const typed = await window.showInputBox({
    title: faultText(kind.id).name,
    prompt: l10n.t('How often? It goes off by itself then. Leave empty: until it is turned off.'),
    placeHolder: l10n.t('until it is turned off'),
    validateInput: (text) =>
      /^\s*([1-9]\d{0,5})?\s*$/.test(text) ? undefined : l10n.t('A number from 1 on, or nothing.'),
  });
  if (typed === undefined) return undefined;
  return typed.trim() === '' ? 'untilStopped' : Number(typed);
}

export const testAgainstFaults: Handler = async (session) => {
  requireTrust();
  session.faults.requireIdle();
  const port = await pickBoard(session.faults.ports, session.ports.selected);
  if (port === undefined) return;
  if (port !== '' && session.server.state.kind === 'off') await startServer(session);
  const report = await withProgress(l10n.t('Testing the firmware against faults'), (signal, progress) => {
    const hooks: FaultTestHooks = {
      onFault: (profile, index, count) => {
        progress.report({
          message: l10n.t('{0} of {1}: {2}', index + 1, count, faultText(profile.id).name),
          ...(index === 0 ? {} : { increment: 100 / count }),
        });
      },
      onRow: (row) => {
        session.log.info(`fault test: ${row.profile.id} ${row.verdict} (${row.reason}) ${row.evidence}`);
      },
    };
    return port === '' ? session.faults.test(signal, hooks) : session.faults.testOnPort(port, signal, hooks);
  });
  if (report.isCancelled && report.rows.length === 0) return;
  session.log.info(`fault test: ${JSON.stringify(countVerdicts(report))}`);
  await session.showText(`${REPORT}.md`, faultReportMarkdown(report, faultReportWords));
  tell(session, report, () => session.showText(`${REPORT}.json`, `${JSON.stringify(report, undefined, 2)}\n`));
};

/** Which board: the port of one with a monitor, the selected port, or the empty text for a virtual one. Asks only when there is a choice. */
async function pickBoard(ports: readonly string[], selected: string): Promise<string | undefined> {
  const isSelectedToo = selected !== '' && virtualNumberOf(selected) === undefined && !ports.includes(selected);
  if (ports.length === 0 && !isSelectedToo) return '';
  const chosen = await window.showQuickPick(
    [
      {
        label: l10n.t('Virtual board'),
        description: l10n.t('one of its own, with a server of its own: takes some seconds'),
        port: '',
      },
      ...ports.map((port) => ({
        label: port,
        description: l10n.t('the board of this monitor, with this window’s server'),
        port,
      })),
      ...(isSelectedToo
        ? [
            {
              label: selected,
              description: l10n.t('the board on the selected port, with this window’s server'),
              port: selected,
            },
          ]
        : []),
    ],
    { title: l10n.t('Select the board to test') },
  );
  if (chosen === undefined || chosen.port === '') return chosen?.port;
  const test = l10n.t('Test');
  const answer = await showWarningMessage(
    l10n.t('Test the board on {0} against all faults?', chosen.port),
    {
      modal: true,
      detail: l10n.t(
        'It is reset and updated for every fault, under rising versions of the image that was built, and gets that image back at last. Every other board that asks this server meanwhile gets the same. It can be cancelled at any time.',
      ),
    },
    test,
  );
  return answer === test ? chosen.port : undefined;
}

/** The summary; does not wait for an answer. */
function tell({ log }: WindowSession, report: FaultReport, showJson: () => Promise<void>): void {
  const { passed, failed, unknown } = countVerdicts(report);
  const json = l10n.t('Show JSON');
  if (report.isCancelled) {
    onAnswer(showInformationMessage(l10n.t('Cancelled after {0} faults.', report.rows.length), json), showJson, log);
    return;
  }
  if (!isBaselineGood(report)) {
    const text = l10n.t('The update does not work without any fault either, so no fault was tried.');
    onAnswer(showErrorMessage(text, json), showJson, log);
    return;
  }
  const text = l10n.t('Firmware against faults: {0} passed, {1} failed, {2} unknown.', passed, failed, unknown);
  const show = failed > 0 ? showWarningMessage : showInformationMessage;
  onAnswer(show(text, json), showJson, log);
}

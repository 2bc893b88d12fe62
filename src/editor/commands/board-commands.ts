import { commands, l10n, window } from 'vscode';
import type { Timeline } from '../../ota/update-state.ts';
import { VIEWS } from '../contributions.ts';
import { percentText, rateText } from '../text.ts';
import { stepName, verdictText } from '../views/timeline-items.ts';
import { requireTrust, runCommand, withProgress, type Handler } from './run.ts';
import { startServer } from './server-commands.ts';

export const attachVirtualBoard: Handler = async (session) => {
  requireTrust();
  await session.board.attach();
  await commands.executeCommand(`${VIEWS.devices}.focus`);
};

export const detachVirtualBoard: Handler = ({ board }) => {
  board.detach();
};

export const showBoardConsole: Handler = (session) => {
  session.showConsole();
};

export const cancelUpdate: Handler = ({ board }) => {
  board.cancelUpdate();
};

export const rehearseUpdate: Handler = async (session) => {
  requireTrust();
  if (session.server.state.kind === 'off') await startServer(session);
  await commands.executeCommand(`${VIEWS.devices}.focus`);
  const timeline = await withProgress(l10n.t('Updating the virtual board'), async (signal, progress) => {
    let shown = 0;
    const subscription = session.board.onChange(() => {
      const now = session.board.timeline;
      if (now === undefined || now.verdict !== undefined) return;
      const { download } = now;
      const step = stepName(now.steps.at(-1)?.id ?? 'published');
      if (download === undefined) {
        progress.report({ message: step });
        return;
      }
      const percent = (100 * download.sentBytes) / download.totalBytes;
      progress.report({
        message: `${step} ${percentText(download.sentBytes, download.totalBytes)}, ${rateText(download.bytesPerSecond)}`,
        increment: percent - shown,
      });
      shown = percent;
    });
    try {
      return await session.board.rehearse(signal);
    } finally {
      subscription.dispose();
    }
  });
  session.log.info(`rehearsal: ${JSON.stringify(timeline.verdict)}`);
  const text = l10n.t('{0}.', verdictText(timeline));
  const console = l10n.t('Show Console');
  const install = l10n.t('Install Certificate');
  const answer = async (chosen: string | undefined): Promise<void> => {
    if (chosen === console) session.showConsole();
    if (chosen === install) await runCommand('installCertificate');
  };
  switch (timeline.verdict?.outcome) {
    case 'confirmed':
    case 'delivered':
      void window.showInformationMessage(text, console).then(answer);
      break;
    case 'cancelled':
      break;
    default:
      void window.showErrorMessage(text, ...(isAboutTrust(timeline) ? [install] : []), console).then(answer);
  }
};

/** Whether the certificate in the firmware is what stood in the way. */
function isAboutTrust({ verdict }: Timeline): boolean {
  const cause = verdict !== undefined && 'failure' in verdict ? verdict.failure.cause : '';
  return [
    'tls.unknownAuthority',
    'certificateNotTrusted',
    'noServerVerification',
    'embeddedCertificateUnusable',
  ].includes(cause);
}

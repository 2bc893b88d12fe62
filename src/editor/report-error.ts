import { commands, env, l10n, Uri, window, type LogOutputChannel } from 'vscode';
import { showErrorMessage } from './messages.ts';
import { isOtaError, type OtaError } from '../base/ota-error.ts';
import { commandId } from '../texts/contributions.ts';
import type { WayOut } from '../texts/error-texts/error-text.ts';
import { openSetting } from './open-setting.ts';

/** What the button says that leads there. */
export function titleOf(wayOut: WayOut): string {
  switch (wayOut.kind) {
    case 'command':
      return wayOut.title;
    case 'setting':
      return l10n.t('Open Setting');
    case 'file':
      return l10n.t('Open File');
    case 'link':
      return wayOut.title;
  }
}

export async function follow(wayOut: WayOut): Promise<void> {
  switch (wayOut.kind) {
    case 'command':
      await commands.executeCommand(commandId(wayOut.command), ...(wayOut.arguments ?? []));
      return;
    case 'setting':
      await openSetting(wayOut.key);
      return;
    case 'file':
      await window.showTextDocument(Uri.file(wayOut.path));
      return;
    case 'link':
      await env.openExternal(Uri.parse(wayOut.url));
  }
}

/** Tells the user what went wrong and offers the ways out as buttons. Cancelling is no error and says nothing.
 * Does not wait for the user's answer.
 * @param addition a sentence behind it, such as what state something was left in */
export function reportError(error: unknown, log: LogOutputChannel, addition = ''): void {
  if (isOtaError(error, 'cancelled')) return;
  if (!isOtaError(error)) {
    log.error(error instanceof Error ? error : String(error));
    const message = error instanceof Error ? error.message : String(error);
    const shown = showErrorMessage(l10n.t('Something unexpected went wrong: {0}', message), l10n.t('Show Log'));
    onAnswer(
      shown,
      () => {
        log.show();
      },
      log,
    );
    return;
  }
  tell(error, log, addition).catch((failure: unknown) => {
    log.error(failure instanceof Error ? failure : String(failure));
  });
}

/** Does what was chosen in a message: it may be answered long after the command that showed it has ended, so nobody else would tell the user when
 * that fails. Nothing for a message that was closed. */
export function onAnswer<T>(
  shown: Thenable<T | undefined>,
  act: (answer: T) => PromiseLike<void> | void,
  log: LogOutputChannel,
): void {
  Promise.resolve(shown)
    .then((answer) => (answer === undefined ? undefined : act(answer)))
    .catch((error: unknown) => {
      reportError(error, log);
    });
}

async function tell(error: OtaError, log: LogOutputChannel, addition: string): Promise<void> {
  // nobody needs these words at activation
  const { textOfError } = await import('../texts/error-texts.ts');
  const { message, waysOut } = textOfError(error);
  log.error(`${message} [${error.code}] ${JSON.stringify(error.details)}`);
  const titles = waysOut.map(titleOf);
  onAnswer(
    showErrorMessage(addition === '' ? message : `${message} ${addition}`, ...titles),
    async (answer) => {
      const wayOut = waysOut[titles.indexOf(answer)];
      if (wayOut !== undefined) await follow(wayOut);
    },
    log,
  );
}

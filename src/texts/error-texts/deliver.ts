import * as l10n from '@vscode/l10n';
import type { OtaErrorCode } from '../../base/ota-error.ts';
import { durationText } from '../text.ts';
import { says, type ErrorTexts } from './error-text.ts';

type Code = Extract<OtaErrorCode, `trigger.${string}` | `deliver.${string}` | `rehearse.${string}`>;

function templateProblem(problem: string): string {
  switch (problem) {
    case 'method':
      return l10n.t('its method has to be GET, POST or PUT');
    case 'scheme':
      return l10n.t('it has to begin with http:// or https://');
    case 'credentials':
      return l10n.t('a user name or password must not be in it');
    default:
      return l10n.t('it is not a URL');
  }
}

/** What stops a delivery, and boards that could not be told to update. */
export const deliverTexts: ErrorTexts<Code> = {
  'deliver.busy': (it) =>
    says(l10n.t('An update of {0} goes on already: wait for it, or cancel it.', it.project), {
      kind: 'command',
      title: l10n.t('Cancel Update'),
      command: 'cancelUpdate',
    }),
  'deliver.testing': () =>
    says(l10n.t('The firmware is being tested against faults: wait for that to end, or cancel it.')),
  'deliver.building': () => says(l10n.t('The project is being built: deliver when the build is through.')),
  'deliver.blocked': (it) =>
    says(
      it.count > 1
        ? l10n.t('Not delivered, the update would fail: {0} ({1} more)', it.message, it.count - 1)
        : l10n.t('Not delivered, the update would fail: {0}', it.message),
      ...(it.fix === ''
        ? []
        : [
            {
              kind: 'command' as const,
              title: it.fixTitle,
              command: 'applyFix' as const,
              arguments: [{ finding: it.finding, fix: it.fix }],
            },
          ]),
      {
        kind: 'command',
        title: l10n.t('Deliver Anyway'),
        command: 'deliverUpdate',
        arguments: [{ isUnchecked: true }],
      },
    ),
  'deliver.otherBoard': (it) =>
    says(
      l10n.t(
        'Not delivered: another board is at {0} now ({1}), and {2} was there when the delivery began. Select the port of the one you mean.',
        it.address,
        it.now,
        it.before,
      ),
      { kind: 'command', title: l10n.t('Select Port'), command: 'selectPort' },
    ),
  'rehearse.untrusted': (it) =>
    it.isFresh
      ? says(
          l10n.t(
            '{0} was built with the certificate of this computer’s server and still does not trust it: its firmware does not embed it.',
            it.path,
          ),
          { kind: 'command', title: l10n.t('Check OTA Setup'), command: 'checkSetup' },
        )
      : says(
          l10n.t(
            '{0} does not trust this computer’s server, so every board that runs it would refuse the connection. Install the certificate and build again.',
            it.path,
          ),
          { kind: 'command', title: l10n.t('Install Certificate'), command: 'installCertificate' },
        ),
  'trigger.badTemplate': (it) =>
    it.template.trim() === ''
      ? says(
          l10n.t('No request is set that makes the board update, such as {0}.', 'http://192.168.1.50/ota?url={url}'),
          { kind: 'setting', key: 'deliver.httpRequest' },
        )
      : says(l10n.t('The request “{0}” can’t be sent: {1}.', it.template, templateProblem(it.problem)), {
          kind: 'setting',
          key: 'deliver.httpRequest',
        }),
  'trigger.publicAddress': (it) =>
    says(
      l10n.t('{0} ({1}) is not in a local network: no request is sent there.', it.host, it.address),
      { kind: 'setting', key: 'deliver.allowPublicBoards' },
      { kind: 'setting', key: 'deliver.httpRequest' },
    ),
  'trigger.unreachable': (it) =>
    says(l10n.t('The board can’t be reached at {0} ({1}).', it.url, it.reason), {
      kind: 'setting',
      key: 'deliver.httpRequest',
    }),
  'trigger.refused': (it) =>
    says(l10n.t('The board answered {0} with status {1}.', it.url, it.status), {
      kind: 'setting',
      key: 'deliver.httpRequest',
    }),
  'trigger.noPrompt': (it) =>
    says(
      l10n.t(
        'The firmware did not ask for a URL within {0} after its reset. Does it read one from the console? If not, tell it in another way.',
        durationText(it.afterMs),
      ),
      { kind: 'setting', key: 'deliver.trigger' },
    ),
  'trigger.noBoard': (it) =>
    it.trigger === 'virtual'
      ? says(l10n.t('No virtual board is attached.'), {
          kind: 'command',
          title: l10n.t('Attach Virtual Board'),
          command: 'attachVirtualBoard',
        })
      : says(
          l10n.t('No port is selected that the board is on.'),
          { kind: 'command', title: l10n.t('Select Port'), command: 'selectPort' },
          { kind: 'setting', key: 'deliver.trigger' },
        ),
};

import * as l10n from '@vscode/l10n';

/** Hosts that a question names; of more it says how many. */
const MOST_HOSTS = 5;
const LONGEST_COMMAND = 200;

export interface ServedTo {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
  readonly bindAddress: string;
  readonly allowsPublic: boolean;
}

/** Who is given what the server serves, by what it is bound to. */
export function servedToText({ protocol, host, port, bindAddress, allowsPublic }: ServedTo): string {
  const bound = bindAddress.trim();
  const url = `${protocol}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  if (/^(127\.|::1$|localhost$)/i.test(bound))
    return l10n.t('It serves the built firmware on {0} to this computer only.', url);
  const isEverywhere = bound === '0.0.0.0' || bound === '::';
  const where = isEverywhere
    ? l10n.t('It serves the built firmware on {0}, at all addresses of this computer.', url)
    : l10n.t('It serves the built firmware on {0}, at the address {1} of this computer.', url, bound);
  return `${where} ${
    allowsPublic
      ? l10n.t('Whoever reaches it may download, also from the internet.')
      : l10n.t('Devices of the local network may download.')
  }`;
}

export interface DeliveryPlan {
  readonly isBuilt: boolean;
  /** Of the settings; empty where ESP-IDF's own is used. */
  readonly buildCommand: string;
  readonly bumpVersion: 'ask' | 'always' | 'never';
  readonly trigger: 'wait' | 'reset' | 'sendUrl' | 'http' | 'virtual';
  /** Name of the board's port; empty where there is none. */
  readonly port: string;
  /** That are sent a request, by `http`. */
  readonly hosts: readonly string[];
}

/** What a delivery does to files, boards and this computer, by what is set now. */
export function deliveryPlanText(plan: DeliveryPlan): string {
  return [buildText(plan), versionText(plan), boardsText(plan)].filter((text) => text !== '').join(' ');
}

function buildText({ isBuilt, buildCommand }: DeliveryPlan): string {
  if (!isBuilt) return l10n.t('What was built before is served; nothing is built.');
  if (buildCommand === '') return l10n.t('The project is built and served.');
  const whole = buildCommand.replaceAll(/\s+/g, ' ');
  const command = whole.length > LONGEST_COMMAND ? `${whole.slice(0, LONGEST_COMMAND)}…` : whole;
  return l10n.t('The project is built with the command “{0}” and served.', command);
}

function versionText({ isBuilt, bumpVersion }: DeliveryPlan): string {
  if (!isBuilt || bumpVersion === 'never') return '';
  return bumpVersion === 'always'
    ? l10n.t('If the boards would refuse its version, that is raised in the project’s files.')
    : l10n.t('If the boards would refuse its version, you are asked whether to raise that in the project’s files.');
}

function boardsText({ trigger, port, hosts }: DeliveryPlan): string {
  switch (trigger) {
    case 'virtual':
      return l10n.t('The virtual boards are updated over the air. No real board is touched.');
    case 'wait':
      return port === ''
        ? l10n.t('The real board that asks first is updated.')
        : l10n.t('A real board ({0}) is updated once it asks for it.', port);
    case 'reset':
      return l10n.t('A real board ({0}) is reset, so that it asks for the update.', port);
    case 'sendUrl':
      return l10n.t('A real board ({0}) is reset and gets the URL on its console.', port);
    case 'http': {
      const named = hosts.slice(0, MOST_HOSTS).join(', ');
      const others = hosts.length - MOST_HOSTS;
      return others > 0
        ? l10n.t('Real boards are told by HTTP requests to {0} and {1} more.', named, others)
        : l10n.t('Real boards are told by HTTP requests to {0}.', named);
    }
  }
}

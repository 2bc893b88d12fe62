import * as l10n from '@vscode/l10n';
import type { SetupNote, SetupStep } from '../doctor/setup-plan.ts';
import { bytesText } from './text.ts';

/** A part of a setup as a row of the list: what it is, and what exactly it does. */
export function setupStepText({ part, details }: SetupStep): { label: string; description: string } {
  const word = (name: string): string => String(details[name] ?? '');
  switch (part) {
    case 'partitionTable':
      return {
        label: l10n.t('Two slots for updates'),
        description: l10n.t(
          '{0}, {1} each, flash size {2}',
          word('table'),
          bytesText(Number(details['slotBytes'])),
          word('flashSize'),
        ),
      };
    case 'client':
      return {
        label: l10n.t('Update code'),
        description: l10n.t('main/ota_update.c, and {0} at the start of app_main()', word('call')),
      };
    case 'url':
      return { label: l10n.t('Firmware URL'), description: word('url') };
    case 'certificate':
      return {
        label: l10n.t('Certificate of this computer’s server'),
        description: l10n.t('embedded with EMBED_TXTFILES'),
      };
    case 'version':
      return { label: l10n.t('Version'), description: `version.txt: ${word('version')}` };
    case 'rollback':
      return {
        label: l10n.t('Rollback'),
        description: l10n.t('an update that does not reach the network is undone'),
      };
  }
}

export function setupNoteText(note: SetupNote): string {
  const texts: Record<SetupNote, string> = {
    callClient: l10n.t('Call ota_update_run() once the network is up: nothing calls it yet.'),
    editComponent: l10n.t(
      'Register main/ota_update.c and the certificate in main/CMakeLists.txt by hand: it has no idf_component_register().',
    ),
    editProject: l10n.t('Add protocol_examples_common to EXTRA_COMPONENT_DIRS in CMakeLists.txt by hand.'),
    noRoom: l10n.t('The flash has no room for two slots beside the data partitions: make those smaller first.'),
    setWifi: l10n.t('Set Wi-Fi name and password in menuconfig, Example Connection Configuration.'),
    noCertificate: l10n.t(
      'The root of your own certificate is not known: put it into the file that the project embeds, such as server_certs/ca_cert.pem.',
    ),
  };
  return texts[note];
}

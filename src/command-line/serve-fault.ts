import * as l10n from '@vscode/l10n';
import { faultJson } from '../json/server-json.ts';
import { serverNames } from '../server/lan-addresses.ts';
import type { FirmwareServer } from '../server/firmware-server.ts';
import { faultCredentials } from '../server/faults/credentials.ts';
import { FAULT_IDS, faultProfile, isCertificateFault, type FaultProfile } from '../server/faults/profiles.ts';
import { faultText } from '../texts/fault-texts.ts';
import type { CommandContext } from './command.ts';
import { nearest } from './nearest.ts';
import { advertisedHost, type ServerPlan } from './server-plan.ts';
import { UsageError } from './usage-error.ts';

/** `flippedByte:percent=30,version=1.2` as a fault.
 * @throws {UsageError} `usage.unknownFault`
 * @throws {OtaError} `server.faultParameter` */
export function readFault(text: string): FaultProfile {
  const [name = '', parameters = ''] = text.split(/:(.*)/s);
  const id = FAULT_IDS.find((one) => one === name);
  if (id === undefined) {
    const meant = nearest(name, FAULT_IDS);
    throw new UsageError(
      'usage.unknownFault',
      meant === undefined
        ? l10n.t('There is no fault {0}; there are {1}.', name, FAULT_IDS.join(', '))
        : l10n.t('There is no fault {0}. Did you mean {1}?', name, meant),
      { fault: name, ...(meant === undefined ? {} : { nearest: meant }) },
    );
  }
  const given = parameters.split(',').filter((one) => one !== '');
  const values = given.map((one): [string, string | number] => {
    const [key = '', value = ''] = one.split(/=(.*)/s);
    return [key, key === 'version' || value.trim() === '' ? value : Number(value)];
  });
  return faultProfile(id, Object.fromEntries(values));
}

export interface FaultRequest extends ServerPlan {
  readonly 'fault-requests': number | undefined;
}

/** Makes the server misbehave, and says when it does and when that is over.
 * @throws {UsageError} {OtaError} those of `readFault` and of `FirmwareServer.setFault` */
export async function setFault(
  { makers, clock, note, noteStyle, emit }: CommandContext,
  server: FirmwareServer,
  options: FaultRequest,
  text: string,
): Promise<void> {
  const profile = readFault(text);
  const keyType = options['key-type'];
  const credentials = isCertificateFault(profile.id)
    ? await faultCredentials(profile.id, {
        authority: await (await makers.certificateStore()).authority(keyType),
        keyType,
        names: serverNames({ advertisedHost: advertisedHost(options) }),
        nowMs: clock.now(),
      })
    : undefined;
  const { name } = faultText(profile.id);
  server.onFault(({ kind, state }) => {
    emit({ event: 'fault', state: kind, fault: faultJson(state) });
    if (kind === 'on') note(noteStyle.yellow(l10n.t('Serving with the fault “{0}”.', name)));
    if (kind === 'off') note(l10n.t('The server serves without a fault again.'));
  });
  const requests = options['fault-requests'];
  await server.setFault(profile, {
    ...(requests === undefined ? {} : { requests }),
    ...(credentials === undefined ? {} : { credentials }),
  });
}

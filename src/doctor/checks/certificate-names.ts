import { isIP } from 'node:net';
import type { IdfVersion } from '../../idf/idf-version.ts';
import type { CertificateDescription } from '../../server/certificate-description.ts';
import type { CertificateFacts, DoctorFacts } from '../facts.ts';
import { finding, type Finding, type Fix } from '../finding.ts';
import { configuredUrl } from '../firmware-url.ts';
import { optionPlace } from '../places.ts';

/** Whether the certificate names the host of the URL in a way that the device's mbedTLS understands. */
export function certificateNameFindings(facts: DoctorFacts): readonly Finding[] {
  const { certificate, project } = facts;
  const url = configuredUrl(facts);
  if (certificate === undefined || url?.scheme !== 'https' || project.ota.skipsCommonNameCheck === true) return [];
  const { host } = url;
  const { description } = certificate;
  if (namesHost(description, host)) return [];
  const at = optionPlace(facts, project.ota.firmwareUrl?.symbol ?? '');
  if (isIP(host) !== 0 && description.names.some(({ kind, value }) => kind === 'ip' && value.toLowerCase() === host)) {
    if (matchesAddresses(project.idfVersion)) return [];
    const details = { host, idf: project.idfVersion?.text ?? '' };
    return [finding('certificate-ip-name', details, { at, fixes: renew(certificate) })];
  }
  const names = [...new Set(description.names.map(({ value }) => value))].join(', ');
  return [finding('certificate-host', { host, names }, { at, fixes: renew(certificate) })];
}

function renew({ mode }: CertificateFacts): readonly Fix[] {
  return mode === 'own'
    ? []
    : [
        {
          kind: 'command',
          id: 'renewCertificate',
          command: 'createCertificate',
          needs: mode === 'selfSigned' ? ['rebuild'] : [],
        },
      ];
}

/** By DNS name, or by common name where there are no names at all; every mbedTLS does both, with addresses as text too. */
function namesHost({ names, subject }: CertificateDescription, host: string): boolean {
  const common = /(?:^|, )CN=([^,]*)/.exec(subject)?.[1] ?? '';
  const dns = names.length === 0 ? [common] : names.filter(({ kind }) => kind === 'dns').map(({ value }) => value);
  return dns.some((name) => matches(name.toLowerCase(), host));
}

function matches(name: string, host: string): boolean {
  if (name === host) return true;
  return name.startsWith('*.') && host.includes('.') && host.slice(host.indexOf('.')) === name.slice(1);
}

/** mbedTLS compares IP addresses in certificates from 3.5.0 on: ESP-IDF 5.0.5, 5.1.2, and all from 5.2.
 * @see mbedTLS ChangeLog, 3.5.0: "Add support for parsing IP address SAN" */
export function matchesAddresses(version: IdfVersion | undefined): boolean {
  if (version === undefined) return true;
  const { major, minor, patch } = version;
  if (major !== 5) return major > 5;
  if (minor === 0) return patch >= 5;
  return minor > 1 || patch >= 2;
}

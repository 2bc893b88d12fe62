import type { CertificateFacts, ServerFacts } from '../doctor/facts.ts';
import type { KeyType } from '../server/selfsigned.ts';
import type { CertificateStore, ServerCertificate, ServerCertificateRequest } from '../server/certificate-store.ts';
import { servedAddresses, serverNames } from '../server/lan-addresses.ts';

/** How a server is asked for on the command line. */
export interface ServerPlan {
  readonly protocol: 'https' | 'http';
  readonly port: number;
  readonly bind: string;
  /** Of the firmware's URL, where the user has said. */
  readonly host: string | undefined;
  readonly 'key-type': KeyType;
}

const LOOPBACK = '127.0.0.1';

/** Host in the firmware's URL: what the user said, or the likeliest of the addresses that are listened on. */
export function advertisedHost({ host, bind }: Pick<ServerPlan, 'host' | 'bind'>): string {
  return host ?? servedAddresses(bind)[0]?.address ?? (isEverywhere(bind) ? LOOPBACK : bind);
}

function isEverywhere(bind: string): boolean {
  return bind === '0.0.0.0' || bind === '::';
}

/** The certificate that a server shows, issued by the user's local authority; made when there is none.
 * @throws {OtaError} of the certificate store */
export function serverCertificate(store: CertificateStore, plan: ServerPlan): Promise<ServerCertificate> {
  return store.serverCertificate(requestOf(plan));
}

/** The same where one was made earlier. Makes none.
 * @throws {OtaError} of the certificate store */
export async function existingCertificate(
  store: CertificateStore,
  plan: ServerPlan,
): Promise<ServerCertificate | undefined> {
  return (await store.hasServerCertificate(requestOf(plan))) ? serverCertificate(store, plan) : undefined;
}

function requestOf(plan: ServerPlan): ServerCertificateRequest {
  return {
    mode: 'authority',
    keyType: plan['key-type'],
    names: serverNames({ advertisedHost: advertisedHost(plan) }),
  };
}

/** What the setup's checks are told of a server that would be started like this. */
export function serverFactsOf(plan: ServerPlan, paths: readonly string[]): ServerFacts {
  return {
    state: 'off',
    protocol: plan.protocol,
    port: plan.port,
    host: advertisedHost(plan),
    isAddressChosen: plan.host !== undefined,
    bindHost: plan.bind,
    paths,
  };
}

export function certificateFactsOf(certificate: ServerCertificate): CertificateFacts {
  return {
    mode: 'authority',
    certificatePem: certificate.certificatePem,
    description: certificate.description,
    ...(certificate.trustPem === undefined ? {} : { trustPem: certificate.trustPem }),
  };
}

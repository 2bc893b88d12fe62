import type { SeenClient } from '../../../ota/clients.ts';
import type { CertificateDescription } from '../../../server/certificate-description.ts';
import type { FaultState } from '../../../server/faults/fault-switch.ts';
import type { Release } from '../../../server/release-store.ts';
import { certificateJson, faultJson, releaseJson } from '../../../json/server-json.ts';
import type { ToolValue } from '../output.ts';

export interface ServerFacts {
  readonly state: 'off' | 'starting' | 'on';
  /** While it is on. */
  readonly url: string | undefined;
  readonly protocol: 'https' | 'http';
  readonly port: number;
  /** The newest under each name. */
  readonly releases: readonly Release[];
  readonly clients: readonly SeenClient[];
  readonly fault: FaultState | undefined;
  readonly certificate: CertificateDescription | undefined;
  /** The address in the URL was set or picked by the user; it is a guess otherwise. */
  readonly isAddressChosen: boolean;
}

/** @param limit of releases and of clients each; the clients seen last are told */
export function serverAnswer(facts: ServerFacts, limit: number): ToolValue {
  const { state, url, protocol, port, releases, clients, fault, certificate, isAddressChosen } = facts;
  const newest = [...clients].sort((a, b) => b.lastSeenMs - a.lastSeenMs);
  return {
    state,
    protocol,
    port,
    ...(url === undefined ? {} : { url }),
    isAddressChosen,
    ...(fault === undefined ? {} : { fault: faultJson(fault) }),
    ...(certificate === undefined || protocol === 'http' ? {} : { certificate: certificateAnswer(certificate) }),
    releases: url === undefined ? [] : releases.slice(0, limit).map((one) => releaseJson(one, url)),
    clients: newest.slice(0, limit).map(clientAnswer),
    leftOut: Math.max(0, releases.length - limit) + Math.max(0, clients.length - limit),
  };
}

/** With the names that fit, and the end of its validity in ISO 8601, which a model reads more surely than a number. */
function certificateAnswer(description: CertificateDescription): ToolValue {
  const { names, ...certificate } = certificateJson(description);
  return { ...certificate, names: names.slice(0, 20), validTo: new Date(description.validToMs).toISOString() };
}

function clientAnswer(client: SeenClient): ToolValue {
  const { address, lastSeenMs, userAgent, announced, current, fetched, trouble } = client;
  return {
    address,
    lastSeen: new Date(lastSeenMs).toISOString(),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(announced?.runningVersion === undefined ? {} : { runningVersion: announced.runningVersion }),
    ...(announced?.mac === undefined ? {} : { mac: announced.mac }),
    ...(current === undefined
      ? {}
      : {
          download: {
            version: current.version,
            offsetBytes: current.offsetBytes,
            totalBytes: current.totalBytes,
            bytesPerSecond: Math.round(current.bytesPerSecond),
          },
        }),
    ...(fetched === undefined ? {} : { fetchedVersion: fetched.version }),
    ...(trouble === undefined ? {} : { trouble: { ...trouble } }),
  };
}

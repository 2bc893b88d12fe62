/** What else shows up when something is the cause. The server knows better than the board why a handshake failed, the board knows better
 * than the server why it went away. */
const ECHOES: Readonly<Record<string, readonly string[]>> = {
  'tls.unknownAuthority': ['certificateNotTrusted', 'tls.closed', 'tls.other', 'connectionLost'],
  'tls.certificateRefused': ['certificateNotTrusted', 'tls.closed', 'tls.other', 'connectionLost'],
  'tls.plainHttpOnTls': ['http.400', 'httpStatus', 'connectionLost', 'imageTooShort', 'notAnAppImage', 'serverSlow'],
  'tls.tlsOnPlainHttp': ['notTls', 'noSharedTls', 'connectionLost', 'tls.closed'],
  'tls.noSharedVersion': ['noSharedTls', 'connectionLost', 'tls.closed'],
  'tls.noSharedCipher': ['noSharedTls', 'connectionLost', 'tls.closed'],
  'client.publicAddress': ['connectionLost', 'serverUnreachable', 'tls.closed'],
  'client.tooManyConnections': ['connectionLost', 'serverUnreachable', 'tls.closed'],
  certificateUsage: ['tls.certificateRefused', 'tls.closed', 'tls.other'],
  certificateNotTrusted: ['tls.closed', 'tls.other'],
  embeddedCertificateUnusable: ['noServerVerification', 'certificateNotTrusted', 'tls.closed', 'tls.other'],
  noServerVerification: ['tls.closed'],
  handshakeTooSlow: ['tls.timeout', 'tls.closed', 'connectionLost'],
  deviceMemory: ['tls.closed', 'tls.timeout', 'tls.other', 'connectionLost'],
  notTls: ['tls.closed', 'tls.other'],
  noSharedTls: ['tls.closed', 'tls.other'],
  'http.401': ['authentication', 'httpStatus'],
  wifi: ['connectionLost', 'serverUnreachable', 'nameNotResolved', 'tls.closed', 'tls.timeout'],
  connectionLost: ['imageCorrupt', 'imageTooShort', 'tls.closed'],
  'download.aborted': ['imageCorrupt', 'imageTooShort'],
  crashed: ['rolledBack', 'tls.closed'],
  diagnosticsFailed: ['rolledBack'],
  power: ['crashed', 'rolledBack', 'watchdog'],
  watchdog: ['crashed', 'rolledBack'],
  partitionTable: ['nothingBootable'],
  flashSize: ['partitionTable', 'nothingBootable'],
  otadata: ['nothingBootable'],
  imageCorrupt: ['nothingBootable'],
  noOtaPartitions: ['otadata'],
  chipRevision: ['imageCorrupt', 'nothingBootable'],
  wrongChip: ['imageCorrupt', 'nothingBootable'],
  imageTooLarge: ['imageCorrupt'],
  signature: ['imageCorrupt'],
  notAnAppImage: ['imageCorrupt'],
};
/** What a board that has lost its link says of what it has got; only the server tells that the link was it. */
const OF_THE_LINK = new Set(['imageCorrupt', 'imageTooShort', 'earlier']);

/** Whether a cause accounts for another that was seen too. */
export function explains(cause: string, other: string): boolean {
  if (cause === other) return false;
  if (/^http\.\d+$/.test(cause) && other === 'httpStatus') return true;
  if (ECHOES[cause]?.includes(other) === true) return true;
  // the line only repeats that something failed
  if (other === 'earlier') return true;
  // a board that has a reason of its own to go away breaks off the download
  return other === 'download.aborted' && !OF_THE_LINK.has(cause);
}

/** One cause for all signs that belong together: which causes are left, in the order in which the first sign of each was seen. */
export function mainCauses(causes: readonly string[]): readonly string[] {
  const seen = [...new Set(causes)];
  return seen.filter(
    (one, index) => !seen.some((other, place) => explains(other, one) && !(explains(one, other) && place > index)),
  );
}

/** The cause that a consequence is counted to: one that explains it, directly or over another. */
export function accountingFor(main: readonly string[], cause: string): string | undefined {
  const direct = main.find((one) => explains(one, cause));
  return direct ?? main.find((one) => (ECHOES[one] ?? []).some((between) => explains(between, cause)));
}

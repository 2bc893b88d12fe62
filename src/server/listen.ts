import type { Server } from 'node:net';
import { OtaError, systemCode } from '../base/ota-error.ts';
import type {} from './errors.ts';

/** Listens, or says why not. Leaves no listener behind, however often it is tried.
 * @throws {OtaError} `server.portInUse`, `server.portForbidden`, `server.addressUnavailable`, `server.listenFailed` */
export function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onListening = (): void => {
      server.off('error', onError);
      resolve();
    };
    const onError = (error: Error): void => {
      server.off('listening', onListening);
      reject(listenError(error, port, host));
    };
    server.once('listening', onListening);
    server.once('error', onError);
    server.listen({ port, ...(host !== undefined && host !== '' && { host }) });
  });
}

function listenError(cause: Error, port: number, host: string | undefined): OtaError {
  const reason = systemCode(cause) ?? 'unknown';
  switch (reason) {
    case 'EADDRINUSE':
      return new OtaError('server.portInUse', { port }, { cause });
    case 'EACCES':
      return new OtaError('server.portForbidden', { port }, { cause });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new OtaError('server.addressUnavailable', { host: host ?? '' }, { cause });
    default:
      return new OtaError('server.listenFailed', { port, reason }, { cause });
  }
}

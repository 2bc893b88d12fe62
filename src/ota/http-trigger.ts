import { lookup as lookUp } from 'node:dns';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { OtaError, systemCode } from '../base/ota-error.ts';
import { isLocalAddress } from '../server/client-address.ts';
import type {} from './errors.ts';
import type { OwnWords } from './update-state.ts';

/** A request that makes a board start its update. */
export interface UpdateRequest {
  /** Such as `http://192.168.1.50/ota?url={url}`, with a method in front of it if that is not GET: `POST http://…`. `{url}` is replaced by the
   * release's URL, percent-encoded; `{version}` by its version. */
  readonly template: string;
  readonly url: string;
  readonly version: string;
  /** Requests to addresses that are not of a local network. Default false. */
  readonly allowsPublic?: boolean;
  /** Hears the address that the request went to, once connected: a name alone does not tell who asks the server afterwards. */
  readonly onAddress?: (address: string) => void;
  /** For the connection, and once more for the answer. Default 5 s: a board that updates at once answers when it is through, or never. */
  readonly timeoutMs?: number;
}

const METHODS = ['GET', 'POST', 'PUT'];

/** The request that the template stands for.
 * @throws {OtaError} `trigger.badTemplate` with what is wrong: `url`, `method`, `scheme`, `credentials` */
export function parseTemplate({ template, url, version }: Pick<UpdateRequest, 'template' | 'url' | 'version'>): {
  readonly method: string;
  readonly target: URL;
} {
  const bad = (problem: string): OtaError =>
    new OtaError('trigger.badTemplate', { template: withoutSecrets(template), problem });
  const [, named, text = ''] = /^\s*(?:([A-Za-z]+)\s+)?(\S+)\s*$/.exec(template) ?? [];
  const method = (named ?? 'GET').toUpperCase();
  if (!METHODS.includes(method)) throw bad('method');
  const filled = text
    .replaceAll('{url}', () => encodeURIComponent(url))
    .replaceAll('{version}', () => encodeURIComponent(version));
  if (!URL.canParse(filled)) throw bad('url');
  const target = new URL(filled);
  if (target.protocol !== 'http:' && target.protocol !== 'https:') throw bad('scheme');
  // they would end up in the history and in logs
  if (target.username !== '' || target.password !== '') throw bad('credentials');
  return { method, target };
}

/** What tells the boards of several requests apart: the host, where two have the same a number behind it; and a name to show, where two have the
 * same with the path. */
export function nameTargets(targets: readonly URL[]): readonly { readonly id: string; readonly name: string }[] {
  return targets.map(({ host, pathname }, index) => {
    const before = targets.slice(0, index).filter((one) => one.host === host).length;
    const isAlone = targets.filter((one) => one.host === host).length === 1;
    return { id: before === 0 ? host : `${host}#${before + 1}`, name: isAlone ? host : `${host}${pathname}` };
  });
}

/** What was sent, and what came back. */
export interface RequestSent {
  readonly text: string;
  readonly says?: OwnWords;
}

/** Sends the request and gives it and its answer. A board that says nothing in time is taken to be busy with its update.
 * @throws {OtaError} `trigger.badTemplate`, `trigger.publicAddress`, `trigger.unreachable`, `trigger.refused` with the status, `cancelled` */
export async function requestUpdate(options: UpdateRequest, signal: AbortSignal): Promise<RequestSent> {
  const { method, target } = parseTemplate(options);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const isAllowed = (address: string): boolean => options.allowsPublic === true || isLocalAddress(address);
  if (isIP(host) !== 0 && !isAllowed(host)) throw new OtaError('trigger.publicAddress', { host, address: host });
  const said = `${method} ${shownUrl(target)}`;
  const status = await send(method, target, isAllowed, options, signal);
  if (status === undefined) return { text: `${said}, no answer yet`, says: { id: 'noAnswer', request: said } };
  if (status >= 300) throw new OtaError('trigger.refused', { url: shownUrl(target), status });
  return { text: `${said} → ${status}` };
}

/** A template as it may be kept: nothing of a query, no user name and password. */
function withoutSecrets(template: string): string {
  return template.replace(/[?#].*$/s, '').replace(/\/\/[^/]*@/, '//');
}

/** For logs, the history and exports: what stands in a query may be a password. */
function shownUrl({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

/** The status of the answer, or undefined when none comes in time or the board closes the connection after it has the request. */
function send(
  method: string,
  target: URL,
  isAllowed: (address: string) => boolean,
  { timeoutMs = 5000, onAddress }: UpdateRequest,
  signal: AbortSignal,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    let isSent = false;
    const settings: RequestOptions = {
      method,
      signal,
      agent: false,
      timeout: timeoutMs,
      headers: { 'content-length': 0, connection: 'close' },
      lookup: guardedLookup(isAllowed),
    };
    const request = (target.protocol === 'https:' ? httpsRequest : httpRequest)(target, settings, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    const secured = target.protocol === 'https:' ? 'secureConnect' : 'connect';
    request.on('socket', (socket) => {
      socket.once(secured, () => {
        isSent = true;
        if (socket.remoteAddress !== undefined) onAddress?.(socket.remoteAddress);
      });
    });
    request.on('timeout', () => {
      request.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' }));
    });
    request.on('error', (error) => {
      if (signal.aborted) reject(new OtaError('cancelled', { what: 'trigger' }));
      else if (isSent) resolve(undefined);
      else if (error instanceof OtaError) reject(error);
      else
        reject(
          new OtaError(
            'trigger.unreachable',
            { url: shownUrl(target), reason: systemCode(error) ?? error.message },
            { cause: error },
          ),
        );
    });
    request.end();
  });
}

/** Names are checked by what they resolve to, at the moment of connecting. */
function guardedLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const allowed = addresses.filter((one) => isAllowed(one.address));
      const [first] = allowed;
      if (first === undefined) {
        const address = addresses[0]?.address ?? '';
        callback(new OtaError('trigger.publicAddress', { host: hostname, address }), []);
      } else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

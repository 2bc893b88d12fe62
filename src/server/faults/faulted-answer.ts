import { createHash } from 'node:crypto';
import type { HttpRequest } from '../http-request.ts';
import { canonicalPath } from '../release-paths.ts';
import type { Release } from '../release-store.ts';
import { planResponse, planText, type Representation, type ResponsePlan } from '../response-plan.ts';
import { sendResponse, type Respond } from '../send-response.ts';
import { sendAndClose, sendChunked, sendSlowly, sendStalling } from './faulty-body.ts';
import { numberOf, textOf, type FaultProfile } from './profiles.ts';
import {
  imageVersion,
  noise,
  otherChip,
  percentOf,
  retouchImage,
  versionBefore,
  withFlippedByte,
} from './retouched-image.ts';

/** An answer with a fault in it. */
export interface FaultedAnswer {
  readonly plan: ResponsePlan;
  readonly respond: Respond;
}

/** Part of the query that says how many redirections have led here. */
const HOP = 'redirected';

/** The image that is sent instead of the release's own, which stays as it is.
 * @param runningVersion what the client has said that it runs
 * @returns undefined when the fault is none of the image, or the release is none that it can be made from (a container) */
export function faultyImage(
  profile: FaultProfile,
  { bytes, sha256 }: Release,
  runningVersion: string | undefined,
): Representation | undefined {
  const faulty = faultyBytes(profile, bytes, sha256, runningVersion);
  return (
    faulty && {
      bytes: faulty,
      sha256: createHash('sha256').update(faulty).digest('hex'),
      contentType: 'application/octet-stream',
    }
  );
}

function faultyBytes(
  profile: FaultProfile,
  bytes: Uint8Array,
  seed: string,
  runningVersion: string | undefined,
): Uint8Array | undefined {
  switch (profile.id) {
    case 'cutHeader':
      return bytes.subarray(0, numberOf(profile, 'bytes'));
    case 'shortFile':
      return bytes.subarray(0, Math.max(1, percentOf(bytes.length, numberOf(profile, 'percent'))));
    case 'flippedByte':
      return withFlippedByte(bytes, numberOf(profile, 'percent'));
    case 'randomData':
      return noise(bytes.length, seed);
    case 'wrongChip':
      return retouchImage(bytes, { chipId: otherChip(bytes) });
    case 'otherApp':
      return retouchImage(bytes, { projectName: 'another_app', hasOtherElf: true });
    case 'olderVersion': {
      const version = textOf(profile, 'version') || versionBefore(runningVersion ?? imageVersion(bytes) ?? '');
      return retouchImage(bytes, { version, hasOtherElf: true });
    }
    case 'sameVersion': {
      const version = textOf(profile, 'version') || runningVersion;
      return version === undefined ? bytes : retouchImage(bytes, { version });
    }
    default:
      return undefined;
  }
}

/** The answer with another image in place of the release. */
export function imageAnswer({ method, headers }: HttpRequest, image: Representation): FaultedAnswer {
  return { plan: planResponse(method === 'HEAD' ? 'HEAD' : 'GET', headers, image), respond: sendResponse };
}

/** The answer with the fault in it, or undefined when the fault makes no difference to this request. Not for faults of the image.
 * @param origin of the server, such as `https://192.168.1.20:8070` */
export function faultedAnswer(
  profile: FaultProfile,
  request: HttpRequest,
  plan: ResponsePlan,
  release: Release,
  origin: string,
): FaultedAnswer | undefined {
  const { headers } = request;
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  switch (profile.id) {
    case 'cutBody':
      return cut(plan, percentOf(release.bytes.length, numberOf(profile, 'percent')));
    case 'slow':
      return plan.body.length === 0
        ? undefined
        : { plan, respond: sendSlowly(numberOf(profile, 'kilobytesPerSecond') * 1024) };
    case 'stall': {
      const at = percentOf(release.bytes.length, numberOf(profile, 'percent')) - plan.startBytes;
      return at < 0 || at >= plan.body.length
        ? undefined
        : { plan, respond: sendStalling(at, numberOf(profile, 'seconds') * 1000) };
    }
    case 'chunked':
      // HTTP/1.0 has no chunks, RFC 9112 §6.1
      return request.version === '1.0'
        ? untilClose(plan)
        : {
            plan: { ...plan, headers: [...without(plan, 'Content-Length'), ['Transfer-Encoding', 'chunked']] },
            respond: sendChunked,
          };
    case 'untilClose':
      return untilClose(plan);
    case 'noRanges': {
      const { range: _, 'if-range': __, ...rest } = headers;
      const { bytes, sha256 } = release;
      const whole = planResponse(method, rest, { bytes, sha256, contentType: 'application/octet-stream' });
      return { plan: { ...whole, headers: without(whole, 'Accept-Ranges') }, respond: sendResponse };
    }
    case 'status401':
      return status(401, method, [['WWW-Authenticate', 'Basic realm="firmware"']]);
    case 'status403':
      return status(403, method);
    case 'status404':
      return status(404, method);
    case 'status500':
      return status(500, method);
    case 'status503':
      return status(503, method, [['Retry-After', '60']]);
    case 'redirectAbsolute':
    case 'redirectRelative':
    case 'redirectToHttp':
      return redirect(profile, request, origin);
    default:
      return undefined;
  }
}

/** How many redirections have led to this request. */
export function hopsOf(target: string): number {
  return Number(new RegExp(`[?&]${HOP}=(\\d{1,3})(?:&|$)`).exec(target)?.[1] ?? 0);
}

function redirect(profile: FaultProfile, { target }: HttpRequest, origin: string): FaultedAnswer | undefined {
  const hops = hopsOf(target);
  const count = profile.id === 'redirectToHttp' ? 1 : numberOf(profile, 'count');
  if (hops >= count) return undefined;
  const path = `${canonicalPath(target) ?? '/'}?${HOP}=${hops + 1}`;
  const before = {
    redirectAbsolute: origin,
    redirectRelative: '',
    redirectToHttp: origin.replace(/^https:/, 'http:'),
  }[profile.id as 'redirectAbsolute'];
  const headers = [
    ['Location', `${before}${path}`],
    ['Content-Length', '0'],
  ] as const;
  return { plan: { status: 302, headers, body: new Uint8Array(0), startBytes: 0 }, respond: sendResponse };
}

function status(code: number, method: 'GET' | 'HEAD', headers: ResponsePlan['headers'] = []): FaultedAnswer {
  return { plan: planText(code, 'On purpose.', { isHead: method === 'HEAD', headers }), respond: sendResponse };
}

function cut(plan: ResponsePlan, endBytes: number): FaultedAnswer | undefined {
  const keptBytes = Math.max(0, endBytes - plan.startBytes);
  if (keptBytes >= plan.body.length) return undefined;
  return { plan: { ...plan, body: plan.body.subarray(0, keptBytes) }, respond: sendAndClose };
}

function untilClose(plan: ResponsePlan): FaultedAnswer {
  return { plan: { ...plan, headers: without(plan, 'Content-Length'), isLast: true }, respond: sendResponse };
}

function without({ headers }: ResponsePlan, name: string): ResponsePlan['headers'] {
  return headers.filter(([one]) => one !== name);
}

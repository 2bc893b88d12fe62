import { withoutControls } from '../base/plain-text.ts';
import type { RequestHeaders } from './http-request.ts';
import type { AnnouncedFacts } from './transfer-events.ts';

/** Longest header value that is believed, in characters. */
const MAX_LENGTH = 128;

/** What a board announced in `x-ESP32-*` (or `x-ESP8266-*`) headers; values that are not of the expected shape are left out.
 * @returns undefined when it announced nothing
 * @see arduino-esp32 `HTTPUpdate.cpp`, `handleUpdate` */
export function announcedFacts(headers: RequestHeaders): AnnouncedFacts | undefined {
  if (!Object.keys(headers).some((name) => name.startsWith('x-esp'))) return undefined;
  const mac = value(headers, 'sta-mac')?.toLowerCase();
  const runningVersion = value(headers, 'version');
  const sdkVersion = value(headers, 'sdk-version');
  const sketchSha256 = value(headers, 'sketch-sha256')?.toLowerCase();
  const sketchMd5 = value(headers, 'sketch-md5')?.toLowerCase();
  const freeSpaceBytes = size(headers, 'free-space');
  const sketchSizeBytes = size(headers, 'sketch-size');
  const chipSizeBytes = size(headers, 'chip-size');
  const facts: AnnouncedFacts = {
    ...(mac !== undefined && /^[\da-f]{2}(:[\da-f]{2}){5}$/.test(mac) && { mac }),
    ...(runningVersion !== undefined && runningVersion !== '' && { runningVersion }),
    ...(freeSpaceBytes !== undefined && { freeSpaceBytes }),
    ...(sketchSizeBytes !== undefined && { sketchSizeBytes }),
    ...(sketchSha256 !== undefined && /^[\da-f]{64}$/.test(sketchSha256) && { sketchSha256 }),
    ...(sketchMd5 !== undefined && /^[\da-f]{32}$/.test(sketchMd5) && { sketchMd5 }),
    ...(chipSizeBytes !== undefined && { chipSizeBytes }),
    ...(sdkVersion !== undefined && sdkVersion !== '' && { sdkVersion }),
  };
  return Object.keys(facts).length === 0 ? undefined : facts;
}

function value(headers: RequestHeaders, name: string): string | undefined {
  const found = headers[`x-esp32-${name}`] ?? headers[`x-esp8266-${name}`];
  // bytes above 127 are Latin-1, and some of those are control characters
  return found === undefined ? undefined : withoutControls(found).slice(0, MAX_LENGTH);
}

function size(headers: RequestHeaders, name: string): number | undefined {
  const text = value(headers, name);
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

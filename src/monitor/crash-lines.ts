import type { DecodedCrash, DecodedFrame } from './decode-crash.ts';
import type { SourceFrame } from './elf/address-index.ts';
import { ownSourcePath, withoutDots } from './source-path.ts';

export interface CrashLineWords {
  /** Behind a frame that only looks like a caller. */
  readonly guess: string;
  /** Behind an address that no code of the file is at. */
  readonly unknown: string;
  readonly inlinedBy: string;
}

/** The frames of a crash as lines of text, in the form of addr2line: `0x400d1234: app_main at main/app.c:12`. Files of the project are named from
 * its folder. Empty when no address is known.
 * @param projectFolder absolute */
export function crashLines(decoded: DecodedCrash, projectFolder: string, words: CrashLineWords): readonly string[] {
  if (decoded.frames.every(({ frames }) => frames.length === 0)) return [];
  return decoded.frames.flatMap((frame) => frameLines(frame, projectFolder, words));
}

function frameLines({ address, frames, isGuess }: DecodedFrame, folder: string, words: CrashLineWords): string[] {
  const hex = `0x${address.toString(16).padStart(8, '0')}`;
  const guess = isGuess ? ` (${words.guess})` : '';
  if (frames.length === 0) return [`${hex}: ${words.unknown}${guess}`];
  return frames.map((frame, at) =>
    at === 0 ? `${hex}: ${placeText(frame, folder)}${guess}` : `  (${words.inlinedBy}) ${placeText(frame, folder)}`,
  );
}

function placeText(frame: SourceFrame, folder: string): string {
  const { file, line } = frame;
  if (file === undefined) return frame.function;
  return `${frame.function} at ${shortPath(file, folder)}${line === undefined ? '' : `:${line}`}`;
}

function shortPath(file: string, folder: string): string {
  const own = ownSourcePath(file, folder);
  const start = `${withoutDots(folder)}/`;
  return own?.startsWith(start) === true ? own.slice(start.length) : withoutDots(file);
}

/** A place that a line of {@link crashLines} names. */
export interface LinkedPlace {
  /** As it stands in the line. */
  readonly path: string;
  readonly line: number;
  /** Of `path:line` in the text. */
  readonly start: number;
  readonly length: number;
}

const PLACE = /^--- (?:0x[0-9a-f]{8}:|  \([^)]*\)) .*? at (?<path>.+?):(?<line>\d+)(?: \([^)]*\))?\s*$/;

/** The place that a line of a monitor names, as it is shown. */
export function placeIn(text: string): LinkedPlace | undefined {
  if (!text.startsWith('--- ')) return undefined;
  const { path, line } = PLACE.exec(text)?.groups ?? {};
  if (path === undefined || line === undefined) return undefined;
  const place = `${path}:${line}`;
  return { path, line: Number(line), start: text.lastIndexOf(place), length: place.length };
}

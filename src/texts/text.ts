import * as l10n from '@vscode/l10n';
import { languageTag } from './language.ts';

/** `912 KB`: 1 KB is 1024 bytes, as ESP-IDF's own size report counts. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return l10n.t('{0} B', bytes);
  // sizes of flash chips and slots are whole megabytes, and called so
  if (bytes % (1024 * 1024) === 0) return l10n.t('{0} MB', bytes / 1024 / 1024);
  if (bytes < 10 * 1024 * 1024) return l10n.t('{0} KB', Math.round(bytes / 1024));
  return l10n.t('{0} MB', (bytes / 1024 / 1024).toFixed(1));
}

/** `2 errors, 1 warning`, in the editor's punctuation; what is empty is left out. */
export function listText(parts: readonly string[]): string {
  const said = parts.filter((part) => part !== '');
  return said.length === 0 ? '' : said.reduce((list, part) => l10n.t('{0}, {1}', list, part));
}

export function rateText(bytesPerSecond: number): string {
  return l10n.t('{0} KB/s', Math.round(bytesPerSecond / 1024));
}

/** `0.42 s`, `12 s`, `3 min 5 s`. */
export function durationText(ms: number): string {
  if (ms < 10_000) return l10n.t('{0} s', (ms / 1000).toFixed(2));
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return l10n.t('{0} s', seconds);
  return l10n.t('{0} min {1} s', Math.floor(seconds / 60), seconds % 60);
}

export function percentText(part: number, whole: number): string {
  return whole > 0 ? `${Math.floor((100 * part) / whole)}%` : '–';
}

/** `Oct 3, 2026`, in the editor's language: figures alone would be read differently in different countries. */
export function dayText(atMs: number): string {
  return new Date(atMs).toLocaleDateString(languageTag(), { dateStyle: 'medium' });
}

/** `2:46:52 PM`, in the editor's language. */
export function clockText(atMs: number): string {
  return new Date(atMs).toLocaleTimeString(languageTag());
}

/** `0x1d0000` */
export function hexText(value: number): string {
  return `0x${value.toString(16)}`;
}

/** The first digits of a digest, as many as tell builds apart. */
export function shortDigest(sha256: string): string {
  return sha256.slice(0, 8);
}

/** `just now`, `5 min ago`, `3 h ago`, or the date. */
export function agoText(atMs: number, nowMs = Date.now()): string {
  const minutes = Math.floor((nowMs - atMs) / 60_000);
  if (minutes < 1) return l10n.t('just now');
  if (minutes < 60) return l10n.t('{0} min ago', minutes);
  if (minutes < 24 * 60) return l10n.t('{0} h ago', Math.floor(minutes / 60));
  return dayText(atMs);
}

import { isUtf8 } from 'node:buffer';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import type { FileStore } from '../base/files.ts';
import './errors.ts';

/** A change of one text file, to be looked at before it is made. Without `before` the file is made new. */
export interface FileEdit {
  readonly path: string;
  readonly before?: string;
  readonly after: string;
}

/** A file's bytes as a text that gives the same bytes again: UTF-8 (with its byte order mark), or, where it is not that, one character a byte. */
export function decodeText(bytes: Uint8Array): { text: string; isUtf8: boolean } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer)
    ? { text: buffer.toString('utf8'), isUtf8: true }
    : { text: buffer.toString('latin1'), isUtf8: false };
}

/** The text of a file, byte-true (see {@link decodeText}); undefined when there is none.
 * @throws {OtaError} `file.unreadable` */
export async function readTextExactly(files: FileStore, path: string): Promise<string | undefined> {
  const bytes = await files.read(path);
  return bytes === undefined ? undefined : decodeText(bytes).text;
}

interface Write {
  readonly path: string;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array;
}

/** Makes planned changes. All files are checked first, so that nothing is written when one is not as it was; each is then replaced in one step.
 * When one can't be written, those before it get back what they held.
 * @param options with `keepBackups`, what stood there is saved beside it first: in all files, or in those that it says yes to
 * @returns the backups' paths
 * @throws {OtaError} `file.changed`, `file.notUtf8`, `file.unreadable`, `file.unwritable` when nothing is changed, `file.halfWritten` when a file
 * that was changed could not be put back */
export async function applyEdits(
  edits: readonly FileEdit[],
  files: FileStore,
  options: { readonly keepBackups?: boolean | ((path: string) => boolean) } = {},
): Promise<readonly string[]> {
  const writes: Write[] = [];
  for (const edit of edits) {
    const current = await files.read(edit.path);
    const decoded = current === undefined ? undefined : decodeText(current);
    if (decoded?.text !== edit.before) throw new OtaError('file.changed', { path: edit.path });
    if (decoded?.isUtf8 === false && /[^\0-\xFF]/.test(edit.after))
      throw new OtaError('file.notUtf8', { path: edit.path });
    const after = Buffer.from(edit.after, decoded?.isUtf8 === false ? 'latin1' : 'utf8');
    writes.push({ path: edit.path, before: current, after });
  }
  const { keepBackups = false } = options;
  const isKept = typeof keepBackups === 'boolean' ? () => keepBackups : keepBackups;
  const backups: string[] = [];
  const made: Write[] = [];
  try {
    for (const write of writes) {
      const backup = isKept(write.path) ? await files.backUp(write.path) : undefined;
      if (backup !== undefined) backups.push(backup);
      await files.writeAtomic(write.path, write.after);
      made.push(write);
    }
  } catch (error) {
    const left = await takeBack(made, files);
    if (left.length > 0) {
      const details = isOtaError(error, 'file.unwritable') ? error.details : { path: '', reason: String(error) };
      throw new OtaError('file.halfWritten', { ...details, changed: left.join(', ') }, { cause: error });
    }
    for (const backup of backups) await files.remove(backup).catch(() => undefined);
    throw error;
  }
  return backups;
}

/** Puts back what was there before, the last one first. Gives the files where that did not work, or where somebody has written since. */
async function takeBack(made: readonly Write[], files: FileStore): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { path, before, after } of made.toReversed()) {
    try {
      const now = await files.read(path);
      if (now === undefined || !Buffer.from(after).equals(now)) left.push(path);
      else if (before === undefined) await files.remove(path);
      else await files.writeAtomic(path, before);
    } catch {
      left.push(path);
    }
  }
  return left;
}

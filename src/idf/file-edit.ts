import { isUtf8 } from 'node:buffer';
import { OtaError } from '../base/ota-error.ts';
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

/** Makes planned changes. All files are checked first, so that nothing is written when one is not as it was; each is then replaced in one step.
 * With `keepBackups`, what stood there is saved beside it first. Gives the backups' paths.
 * @throws {OtaError} `file.changed`, `file.notUtf8`, `file.unreadable`, `file.unwritable` */
export async function applyEdits(
  edits: readonly FileEdit[],
  files: FileStore,
  options: { readonly keepBackups?: boolean } = {},
): Promise<readonly string[]> {
  const contents: { path: string; bytes: Uint8Array }[] = [];
  for (const edit of edits) {
    const current = await files.read(edit.path);
    const decoded = current === undefined ? undefined : decodeText(current);
    if (decoded?.text !== edit.before) throw new OtaError('file.changed', { path: edit.path });
    if (decoded?.isUtf8 === false && /[^\0-\xFF]/.test(edit.after))
      throw new OtaError('file.notUtf8', { path: edit.path });
    contents.push({ path: edit.path, bytes: Buffer.from(edit.after, decoded?.isUtf8 === false ? 'latin1' : 'utf8') });
  }
  const backups: string[] = [];
  for (const { path, bytes } of contents) {
    const backup = options.keepBackups === true ? await files.backUp(path) : undefined;
    if (backup !== undefined) backups.push(backup);
    await files.writeAtomic(path, bytes);
  }
  return backups;
}

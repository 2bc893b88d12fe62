import './errors.ts';
import { toDisposable, type Disposable } from '../base/disposable.ts';
import { Emitter, type Event } from '../base/emitter.ts';
import { OtaError } from '../base/ota-error.ts';

/** The smallest unit that can be erased, in bytes. */
export const SECTOR_BYTES = 4096;

export interface FlashOperation {
  readonly kind: 'erase' | 'program';
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

interface Cut {
  /** Operations that still complete. */
  operationsLeft: number;
  /** Programmed bytes that still arrive; Infinity when only operations count. */
  bytesLeft: number;
}

/** SPI NOR flash: an erase sets whole sectors to 0xFF, a program can only clear bits. What it holds survives resets and power cuts.
 * @throws {OtaError} `board.flashOutOfRange`, `board.flashUnaligned`, and `board.powerCut` where one was armed. */
export class NorFlash {
  readonly sizeBytes: number;
  readonly #bytes: Uint8Array;
  readonly #operations = new Emitter<FlashOperation>();
  #cut: Cut | undefined;

  constructor(sizeBytes: number) {
    this.sizeBytes = sizeBytes;
    this.#bytes = new Uint8Array(sizeBytes).fill(0xff);
  }

  /** Fires after each operation that completed. */
  get onOperation(): Event<FlashOperation> {
    return this.#operations.event;
  }

  /** A view, not a copy: later operations show in it. */
  view(offsetBytes: number, lengthBytes: number): Uint8Array {
    this.#check(offsetBytes, lengthBytes);
    return this.#bytes.subarray(offsetBytes, offsetBytes + lengthBytes);
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array {
    return this.view(offsetBytes, lengthBytes).slice();
  }

  erase(offsetBytes: number, lengthBytes: number): void {
    this.#check(offsetBytes, lengthBytes);
    if (offsetBytes % SECTOR_BYTES !== 0 || lengthBytes % SECTOR_BYTES !== 0) {
      throw new OtaError('board.flashUnaligned', { offsetBytes, lengthBytes });
    }
    for (let at = offsetBytes; at < offsetBytes + lengthBytes; at += SECTOR_BYTES) {
      if (this.#isCutNow()) {
        // an interrupted erase leaves a sector that is neither the old one nor blank
        this.#bytes.fill(0xff, at, at + SECTOR_BYTES / 2);
        throw new OtaError('board.powerCut', { operation: 'erase', offsetBytes: at });
      }
      this.#bytes.fill(0xff, at, at + SECTOR_BYTES);
    }
    this.#operations.fire({ kind: 'erase', offsetBytes, lengthBytes });
  }

  program(offsetBytes: number, data: Uint8Array): void {
    this.#check(offsetBytes, data.length);
    const length = this.#programmableBytes(data.length);
    const target = this.#bytes;
    for (let index = 0; index < length; index++) {
      target[offsetBytes + index] = (target[offsetBytes + index] ?? 0) & (data[index] ?? 0);
    }
    if (length < data.length) {
      throw new OtaError('board.powerCut', { operation: 'program', offsetBytes: offsetBytes + length });
    }
    this.#operations.fire({ kind: 'program', offsetBytes, lengthBytes: data.length });
  }

  /** What a flash tool does: erases the sectors the data touches, then programs it. */
  replace(offsetBytes: number, data: Uint8Array): void {
    this.#check(offsetBytes, data.length);
    const first = offsetBytes - (offsetBytes % SECTOR_BYTES);
    const end = Math.ceil((offsetBytes + data.length) / SECTOR_BYTES) * SECTOR_BYTES;
    this.erase(first, end - first);
    this.program(offsetBytes, data);
  }

  /** Arms one power cut: either so many single operations (a sector erase, a program) still complete and the next is interrupted half-way,
   * or so many programmed bytes still arrive. Arming again replaces it; it happens once. Dispose to call this one off. */
  cutPower(when: { readonly afterOperations: number } | { readonly afterProgrammedBytes: number }): Disposable {
    const cut: Cut =
      'afterOperations' in when
        ? { operationsLeft: when.afterOperations, bytesLeft: Infinity }
        : { operationsLeft: Infinity, bytesLeft: when.afterProgrammedBytes };
    this.#cut = cut;
    return toDisposable(() => {
      if (this.#cut === cut) this.#cut = undefined;
    });
  }

  snapshot(): Uint8Array {
    return this.#bytes.slice();
  }

  /** @throws {OtaError} `board.flashOutOfRange` when the snapshot is of another size. */
  restore(snapshot: Uint8Array): void {
    if (snapshot.length !== this.sizeBytes) {
      throw new OtaError('board.flashOutOfRange', {
        offsetBytes: 0,
        lengthBytes: snapshot.length,
        sizeBytes: this.sizeBytes,
      });
    }
    this.#bytes.set(snapshot);
  }

  #programmableBytes(lengthBytes: number): number {
    const cut = this.#cut;
    if (cut === undefined) return lengthBytes;
    if (cut.bytesLeft < lengthBytes) {
      this.#cut = undefined;
      return cut.bytesLeft;
    }
    cut.bytesLeft -= lengthBytes;
    return this.#isCutNow() ? lengthBytes >>> 1 : lengthBytes;
  }

  #isCutNow(): boolean {
    if (this.#cut === undefined) return false;
    if (this.#cut.operationsLeft > 0) {
      this.#cut.operationsLeft--;
      return false;
    }
    this.#cut = undefined;
    return true;
  }

  #check(offsetBytes: number, lengthBytes: number): void {
    if (
      !Number.isSafeInteger(offsetBytes) ||
      !Number.isSafeInteger(lengthBytes) ||
      offsetBytes < 0 ||
      lengthBytes < 0 ||
      offsetBytes + lengthBytes > this.sizeBytes
    ) {
      throw new OtaError('board.flashOutOfRange', { offsetBytes, lengthBytes, sizeBytes: this.sizeBytes });
    }
  }
}

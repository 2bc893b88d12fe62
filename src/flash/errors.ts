import type { ImageCheckId } from '../image/verify-image.ts';

declare module '../base/ota-error.ts' {
  interface OtaErrorDetails {
    /** Nobody answered as a loader does. `receivedBytes` came instead; `bootMode` is the number after `boot:` in the boot text, such as
     * `0x13`, empty when there was none; `isWaitingForDownload` when the text says so (then our own bytes don't reach the chip);
     * `canReset` is false where the line has no DTR and RTS, so that the board has to be put into download mode by hand. */
    'flash.noAnswer': {
      address: string;
      receivedBytes: number;
      bootMode: string;
      isWaitingForDownload: boolean;
      canReset: boolean;
    };
    /** The loader stopped answering. `command` as in esptool's documentation, such as `FLASH_DEFL_DATA`. */
    'flash.commandTimeout': { command: string; afterMs: number };
    /** The loader refused a command. `code` is its status: 0xC000 and above from the stub, 0x0100 and above from the ROM; `meaning` an id
     * of `StatusMeaning`. */
    'flash.commandFailed': { command: string; code: number; meaning: string };
    /** The ROM does not know the command, or forbids it in secure download mode. */
    'flash.commandUnsupported': { command: string };
    /** Chip id or magic value of a chip that is not known here. */
    'flash.unknownChip': { id: number };
    /** Known, but not flashed here (ESP8266). */
    'flash.unsupportedChip': { chip: string };
    /** What it says of itself makes no sense. */
    'flash.identifyFailed': { reason: string };
    'flash.stubDidNotStart': { chip: string; reason: string };
    /** Nothing got through at this rate, nor at any below it. */
    'flash.baudFailed': { address: string; baud: number };
    /** The flash chip does not answer to its id, or with nonsense. */
    'flash.noFlashChip': { id: number };
    /** Needs the stub, which does not run (secure download mode, or turned off). */
    'flash.needsStub': { what: string };

    'flash.nothingToFlash': { count: number };
    /** `name` of this and what follows is the file's, or its offset in hexadecimal. */
    'flash.emptyFile': { name: string; offset: number };
    /** An entry that is to be encrypted by the host: not done here. */
    'flash.encryptedFile': { name: string; offset: number };
    /** The eFuses have flash encryption on: plain bytes would not boot. */
    'flash.encryptionEnabled': { name: string; cryptCount: number };
    /** `found` is the target of the file or of the settings, `expected` that of the board. */
    'flash.wrongChip': { name: string; found: string; expected: string };
    /** major * 100 + minor; `maximum` is 65535 when there is none. */
    'flash.wrongRevision': { name: string; revision: number; minimum: number; maximum: number };
    /** `check` is an id of `ImageCheckId`, `problem` empty or the code of what stands in the way. */
    'flash.badImage': { name: string; check: ImageCheckId; problem: string };
    'flash.badPartitionTable': { name: string; problem: string };
    /** Offsets are those of 4 KiB sectors. */
    'flash.misaligned': { name: string; offset: number };
    'flash.outsideFlash': { name: string; offset: number; lengthBytes: number; flashSizeBytes: number };
    /** The settings announce a larger flash chip than the board has: the bootloader would stop. */
    'flash.flashTooSmall': { settingBytes: number; flashSizeBytes: number };
    /** Two files in one sector. */
    'flash.overlap': { name: string; other: string; offset: number };
    'flash.tooBigForPartition': { name: string; partition: string; lengthBytes: number; sizeBytes: number };
    /** A bootloader at another place than where the ROM of this chip looks for it. */
    'flash.bootloaderOffset': { name: string; offset: number; expected: number };
    /** Words of the settings that this chip does not have. */
    'flash.badSetting': { setting: 'mode' | 'frequency' | 'size'; value: string; chip: string };
    'flash.noSuchPartition': { partition: string };

    /** The flash chip did not take the bytes. `offset` is where the trouble is, as near as is known. */
    'flash.notProgrammed': { name: string; offset: number; code: number };
    /** What is in flash is not what was written. `offset` is the first sector that differs, -1 when none was found. */
    'flash.verifyFailed': { name: string; offset: number; expected: string; found: string };
    /** Blocks get damaged again and again. */
    'flash.lineTooNoisy': { baud: number; attempts: number };
    /** What was read does not have the digest the chip computed. */
    'flash.readFailed': { offset: number; lengthBytes: number };

    /** No partition table at this offset of flash. `problem` is a code of `partitionTable.*`. */
    'slots.noTable': { offset: number; isErased: boolean; problem: string };
    /** Flash encryption is on: what is read over the line is not what the chip sees. */
    'slots.encrypted': { chip: string };
    /** The table has no otadata partition, so nothing chooses between slots; or it is smaller than two sectors. */
    'slots.noOtadata': { sizeBytes: number };
    /** `problem` is one of `SlotProblem`. */
    'slots.notBootable': { slot: string; problem: string };
    /** There is nothing in the slot that a file could be made of. */
    'slots.noImage': { slot: string; problem: string };
    /** No other slot has something that boots, or what the others have was rolled back. */
    'slots.noPrevious': { slot: string };
    'slots.noSuchSlot': { slot: string };
    /** There is no OTA slot beside the one that boots. */
    'slots.noSpare': { slotCount: number };
    /** Otadata is not what it was when the change was planned: the board has run in between. */
    'slots.changed': { offset: number };
    /** Nothing of this project's build lies in a slot. */
    'slots.notOnBoard': { version: string };
    /** Writing to the only slot that has something that boots: a power cut would leave nothing. */
    'slots.onlyBootable': { slot: string };
  }
}

/** Keeps the augmentation a module. */
export type FlashErrors = never;

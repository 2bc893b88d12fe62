import './errors.ts';
import type { ESPLoader, ROM, Transport } from 'esptool-js';
import { silentLogger, type Logger } from '../base/logger.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import { chipById } from '../image/chips.ts';
import type { CommandLink } from './command-link.ts';
import { QUICK_MS, repeatable } from './commands.ts';
import { readRevision, type RevisionReader } from './chip-revision.ts';
import { esp32Security, type SecurityFacts } from './security.ts';

/** A program for the chip's RAM. */
export interface StubProgram {
  readonly entry: number;
  readonly parts: readonly { readonly address: number; readonly bytes: Uint8Array }[];
}

/** The chip at the other end, and what esptool-js knows of its kind. */
export interface Esptool {
  /** As Espressif writes it, such as `ESP32-S3`. */
  readonly name: string;
  /** `chip_id` of image headers. */
  readonly chipId: number;
  readonly target: string;
  readonly bootloaderOffset: number;
  /** Nothing but flashing is allowed: no register, no stub, no read-back. */
  readonly isSecureDownload: boolean;
  readonly security: SecurityFacts | undefined;
  /** Of one block when the stub is talked to over USB-OTG; undefined elsewhere. */
  otgBlockBytes(): Promise<number | undefined>;
  /** What the chip wants before its flash is touched, such as watchdogs turned off or supplies turned on. */
  prepare(): Promise<void>;
  /** Bytes of one block of a RAM upload. */
  readonly ramBlockBytes: number;
  /** For people, with package and revision. */
  description(): Promise<string>;
  /** For people, such as `Wi-Fi`, `BLE`. */
  features(): Promise<readonly string[]>;
  /** major * 100 + minor. */
  revision(): Promise<number>;
  /** Lower-case, with colons. */
  mac(): Promise<string>;
  crystalMhz(): Promise<number>;
  /** JEDEC id: manufacturer in the lowest byte, then type and capacity. */
  flashId(): Promise<number>;
  /** In bytes; undefined for a capacity code that is none. */
  flashSizeBytes(flashId: number): number | undefined;
  /** Undefined for chips that have no stub. */
  stub(revision: number | undefined): Promise<StubProgram | undefined>;
}

/** What `ESPLoader` calls in the transport it is given, as long as its `command` is ours. */
interface LoaderTransport {
  tracing: boolean;
  readonly baudrate: number;
  getInfo(): string;
  getVid(): number | undefined;
  getPid(): number | undefined;
  trace(message: string): void;
}

/** The part of a loader that is private by its types, and has no public way round. */
interface Identifying {
  identifyChip(): Promise<ROM & { readonly USES_MAGIC_VALUE: boolean }>;
  applyDetectedChip(chip: ROM): void;
}

const CHIP_ID_ESP8266 = -1;

/** esptool-js, loaded at its first use, on a link that is connected to a loader already. It brings chip identification, register addresses, stubs; its
 * commands go through our link (esptool-js 0.7 defects: `read` polls and grows byte by byte, an unplugged cable ends in a timeout, there is no way to
 * cancel). Its `writeFlash`, `readFlash`, `flashMd5sum` and `after` are not used.
 * @throws {OtaError} `flash.unknownChip`, `flash.unsupportedChip`, `flash.identifyFailed`, `flash.commandTimeout`, `serial.*`, `cancelled` */
export async function openEsptool(
  link: CommandLink,
  signal?: AbortSignal,
  logger: Logger = silentLogger,
): Promise<Esptool> {
  const tool = await import('esptool-js');
  const { transport } = link;
  const say = (text: string): void => {
    logger.trace(`esptool-js: ${text}`);
  };
  const adapter: LoaderTransport = {
    tracing: false,
    get baudrate() {
      return transport.baud;
    },
    getInfo: () => transport.description,
    getVid: () => transport.usb?.vendorId,
    getPid: () => transport.usb?.productId,
    // esptool-js 0.7 defect: traces go to the console even when tracing is off
    trace: say,
  };
  const loader = new tool.ESPLoader({
    transport: adapter as unknown as Transport,
    baudrate: transport.baud,
    terminal: { clean: () => undefined, write: say, writeLine: say },
  });
  loader.command = async (op = null, data = new Uint8Array(0), checksum = 0, _wait = true, timeoutMs = QUICK_MS) => {
    try {
      const ask = (): Promise<[number, Uint8Array]> =>
        link
          .request(op ?? 0, data, { checksum, timeoutMs: Math.min(timeoutMs, QUICK_MS), signal })
          // esptool-js reads values as signed 32 bits
          .then(({ value, body }) => [value | 0, body]);
      return await repeatable(link, ask, signal);
    } catch (error) {
      if (isOtaError(error, 'flash.commandUnsupported')) throw new tool.UnsupportedCommandError();
      throw error;
    }
  };
  const asOurs = (error: unknown): never => {
    if (isOtaError(error)) throw error;
    if (link.closed !== undefined) throw link.closed;
    const reason = error instanceof Error ? error.message : String(error);
    const id = /0x[0-9a-f]+|\d+/i.exec(reason)?.[0];
    if (error instanceof tool.UnexpectedChipIdError || error instanceof tool.UnexpectedChipMagicError) {
      throw new OtaError('flash.unknownChip', { id: Number(id ?? 0) }, { cause: error });
    }
    throw new OtaError('flash.identifyFailed', { reason }, { cause: error });
  };
  const guarded = <T>(work: () => Promise<T>): Promise<T> => work().catch(asOurs);
  const rom = await guarded(async () => {
    const found = await (loader as unknown as Identifying).identifyChip();
    (loader as unknown as Identifying).applyDetectedChip(found);
    return found;
  });
  const chip = chipById(rom.IMAGE_CHIP_ID ?? CHIP_ID_ESP8266);
  if (chip === undefined) throw new OtaError('flash.unsupportedChip', { chip: rom.CHIP_NAME });
  const security = await guarded(() => securityOf(loader, chip.target));
  return {
    name: chip.name,
    chipId: chip.id,
    target: chip.target,
    bootloaderOffset: chip.bootloaderOffset,
    isSecureDownload: loader.secureDownloadMode,
    security,
    otgBlockBytes: () =>
      guarded(async () => {
        const usbBytes = rom.USB_RAM_BLOCK;
        return usbBytes !== undefined && (await loader.usesUsbOtg()) ? usbBytes : undefined;
      }),
    prepare: () => guarded(async () => rom.postConnect?.(loader)),
    get ramBlockBytes() {
      // esptool-js 0.7 defect: the H2's table sets a size it may not have
      return loader.ESP_RAM_BLOCK > 0 ? loader.ESP_RAM_BLOCK : 0x1800;
    },
    description: () => guarded(() => rom.getChipDescription(loader)),
    features: () => guarded(async () => (await rom.getChipFeatures(loader)).map((feature) => feature.trim())),
    revision: () =>
      guarded(() => readRevision(chip.target, rom as RevisionReader, loader, (address) => loader.readReg(address))),
    mac: () => guarded(() => rom.readMac(loader)),
    crystalMhz: () => guarded(() => rom.getCrystalFreq(loader)),
    flashId: () => guarded(async () => (await loader.readFlashId()) & 0xffffff),
    flashSizeBytes: (flashId) => sizeOf(loader.DETECTED_FLASH_SIZES[(flashId >>> 16) & 0xff]),
    stub: (revision) =>
      guarded(async () => {
        const stub = await tool.getStubJsonByChipName(rom.CHIP_NAME, revision ?? 0);
        if (stub === undefined) return undefined;
        const { entry, text_start, decodedText, data_start, decodedData } = stub;
        const parts = [
          { address: text_start, bytes: decodedText },
          { address: data_start, bytes: decodedData },
        ];
        return { entry, parts: parts.filter(({ bytes }) => bytes.length > 0) };
      }),
  };
}

async function securityOf(loader: ESPLoader, target: string): Promise<SecurityFacts | undefined> {
  if (target === 'esp32') return esp32Security((address) => loader.readReg(address));
  try {
    const { flashCryptCnt, parsedFlags } = await loader.getSecurityInfo();
    return {
      isSecureBoot: parsedFlags.SECURE_BOOT_EN,
      isSecureDownload: parsedFlags.SECURE_DOWNLOAD_ENABLE,
      flashCryptCount: flashCryptCnt,
    };
  } catch (error) {
    if (isOtaError(error)) throw error;
    return undefined;
  }
}

/** Bytes of `4MB` or `512KB`. */
function sizeOf(text: string | undefined): number | undefined {
  const found = /^(\d+)(KB|MB)$/.exec(text ?? '');
  if (found === null) return undefined;
  return Number(found[1]) * (found[2] === 'MB' ? 1024 * 1024 : 1024);
}

import './errors.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { silentLogger, type Logger } from '../base/logger.ts';
import { isOtaError, OtaError } from '../base/ota-error.ts';
import { applicationReset, loaderResets, playReset, type ResetChoice, type ResetSequence } from '../serial/reset.ts';
import type { SerialTransport } from '../serial/serial-transport.ts';
import { knownUsb } from '../serial/usb-identities.ts';
import { probe, raiseBaud } from './baud.ts';
import { CommandLink } from './command-link.ts';
import { attachFlash, setFlashSize } from './commands.ts';
import { connectLoader } from './connect.ts';
import { openEsptool, type Esptool } from './esptool.ts';
import type { OnProgress } from './progress.ts';
import type { SecurityFacts } from './security.ts';
import { startStub } from './start-stub.ts';
import { twice } from './twice.ts';
import { hasWatchdog, restartByWatchdog } from './watchdog-restart.ts';

/** What the board says of itself. What can't be read (secure download mode) is left out. */
export interface ChipFacts {
  /** As Espressif writes it, such as `ESP32-S3`. */
  readonly name: string;
  readonly chipId: number;
  /** `CONFIG_IDF_TARGET`. */
  readonly target: string;
  readonly bootloaderOffset: number;
  /** For people, with package and revision, such as `ESP32-C3 (QFN32) (revision v0.4)`. */
  readonly description?: string;
  /** For people, such as `Wi-Fi`. */
  readonly features?: readonly string[];
  /** major * 100 + minor. */
  readonly revision?: number;
  /** Lower-case, with colons. */
  readonly mac?: string;
  readonly crystalMhz?: number;
  /** JEDEC id: manufacturer in the lowest byte, then type and capacity. */
  readonly flashId?: number;
  readonly flashSizeBytes?: number;
  /** Absent where the chip's ROM does not tell it. */
  readonly security?: SecurityFacts;
  readonly isSecureDownload: boolean;
  readonly isStub: boolean;
  /** In force between us and the chip; 0 where the line has none. */
  readonly baud: number;
}

export interface ChipOptions {
  /** The fastest rate to try. Default 921600. */
  readonly baud?: number;
  /** Default `auto`. */
  readonly reset?: ResetChoice;
  /** In place of the usual sequences into the loader. */
  readonly customReset?: ResetSequence;
  /** In place of the usual sequence that starts the application. */
  readonly customHardReset?: ResetSequence;
  /** Default true. Without it, writing is slow and neither reading nor erasing is possible. */
  readonly usesStub?: boolean;
  readonly onProgress?: OnProgress;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly platform?: NodeJS.Platform;
}

/** A chip that is being talked to. Ends with {@link ChipSession.close}, on every path. */
export interface ChipSession {
  readonly facts: ChipFacts;
  readonly link: CommandLink;
  /** Of one block of FLASH_DATA and FLASH_DEFL_DATA. */
  readonly blockBytes: number;
  /** Restarts the board (unless `restarts` is false) and closes the port. Never rejects. */
  close(options?: { readonly restarts?: boolean }): Promise<Closing>;
}

export interface Closing {
  /** False when the board was left in its loader: it can't be reset from here, or the line is gone. */
  readonly isRestarted: boolean;
}

const STUB_BLOCK_BYTES = 0x4000;
const ROM_BLOCK_BYTES = 0x400;
const DEFAULT_BAUD = 921_600;

/** Gets hold of the chip at the end of an open port: resets it into its loader, finds out what it is, starts the stub, raises the rate. The port
 * is the session's from now on: whatever goes wrong, the board is restarted and the port closed.
 * @throws {OtaError} `flash.noAnswer`, `flash.unknownChip`, `flash.unsupportedChip`, `flash.identifyFailed`, `flash.stubDidNotStart`,
 * `flash.baudFailed`, `flash.noFlashChip`, `flash.command*`, `serial.*`, `cancelled` */
export async function openChip(
  transport: SerialTransport,
  options: ChipOptions = {},
  signal?: AbortSignal,
): Promise<ChipSession> {
  const taken = await takeChip(transport, options, signal);
  if ('session' in taken) return taken.session;
  throw taken.error;
}

/** The same for whoever wants to know how the board was left when it failed. */
export async function takeChip(
  transport: SerialTransport,
  options: ChipOptions = {},
  signal?: AbortSignal,
): Promise<{ readonly session: ChipSession } | { readonly error: unknown; readonly closing: Closing }> {
  const link = new CommandLink(transport, options.clock ?? systemClock);
  let known: ChipFacts | undefined;
  const close = closing(link, options, () => known);
  try {
    const { facts, blockBytes } = await getHold(link, options, signal);
    known = facts;
    return { session: { facts, link, blockBytes, close } };
  } catch (error) {
    return { error, closing: await close() };
  }
}

async function getHold(
  link: CommandLink,
  options: ChipOptions,
  signal: AbortSignal | undefined,
): Promise<{ facts: ChipFacts; blockBytes: number }> {
  const { onProgress, logger = silentLogger } = options;
  const { transport } = link;
  const sequences = transport.hasModemLines
    ? options.customReset === undefined
      ? loaderResets(transport, options.reset, options.platform)
      : [options.customReset]
    : [];
  onProgress?.({ phase: 'connecting' });
  await connectLoader(link, sequences, signal);
  onProgress?.({ phase: 'identifying' });
  const tool = await openEsptool(link, signal, logger);
  const known: Partial<Identity> = tool.isSecureDownload ? {} : await identity(tool);
  const otgBlockBytes = tool.isSecureDownload ? undefined : await tool.otgBlockBytes();
  if (!tool.isSecureDownload && !link.isStub) await tool.prepare();
  const wantsStub = options.usesStub !== false && !tool.isSecureDownload;
  if (wantsStub) {
    await bringStub(link, tool, known.revision, onProgress, signal);
    const isUsb = knownUsb(transport.usb)?.reset === 'usbSerialJtag' || otgBlockBytes !== undefined;
    // to a chip that is its own USB device the rate means nothing
    if (link.isStub && transport.hasBaud && !isUsb) {
      onProgress?.({ phase: 'baud' });
      const reconnect =
        sequences.length === 0
          ? undefined
          : async (): Promise<void> => {
              await connectLoader(link, sequences, signal);
              await bringStub(link, tool, known.revision, onProgress, signal);
            };
      await raiseBaud(link, options.baud ?? DEFAULT_BAUD, reconnect, signal);
    }
  }
  if (!tool.isSecureDownload && link.roundTripMs === Number.POSITIVE_INFINITY) await probe(link, signal);
  if (!link.isStub) await attachFlash(link, signal);
  const flash = tool.isSecureDownload ? {} : await identifyFlash(tool);
  if (!link.isStub && flash.flashSizeBytes !== undefined) await setFlashSize(link, flash.flashSizeBytes, signal);
  const { name, chipId, target, bootloaderOffset, isSecureDownload, security } = tool;
  const facts: ChipFacts = {
    ...{ name, chipId, target, bootloaderOffset, isSecureDownload },
    ...known,
    ...flash,
    ...(security === undefined ? {} : { security }),
    isStub: link.isStub,
    baud: transport.hasBaud ? transport.baud : 0,
  };
  logger.info(`${facts.description ?? name}, MAC ${facts.mac ?? '?'}, stub ${link.isStub}, ${facts.baud} baud`);
  return { facts, blockBytes: link.isStub ? (otgBlockBytes ?? STUB_BLOCK_BYTES) : ROM_BLOCK_BYTES };
}

type Identity = Required<Pick<ChipFacts, 'description' | 'features' | 'revision' | 'mac' | 'crystalMhz'>>;

async function identity(tool: Esptool): Promise<Identity> {
  const mac = await twice(() => tool.mac());
  return {
    description: await tool.description(),
    features: await tool.features(),
    revision: await tool.revision(),
    mac,
    crystalMhz: await tool.crystalMhz(),
  };
}

async function identifyFlash(tool: Esptool): Promise<Pick<ChipFacts, 'flashId' | 'flashSizeBytes'>> {
  const flashId = await tool.flashId();
  if (flashId === 0 || flashId === 0xffffff) throw new OtaError('flash.noFlashChip', { id: flashId });
  const flashSizeBytes = tool.flashSizeBytes(flashId);
  return { flashId, ...(flashSizeBytes === undefined ? {} : { flashSizeBytes }) };
}

async function bringStub(
  link: CommandLink,
  tool: Esptool,
  revision: number | undefined,
  onProgress: OnProgress | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  // it runs already on a board that can't be reset between two sessions
  if (link.isStub) return;
  const stub = await tool.stub(revision);
  if (stub === undefined) return;
  const totalBytes = stub.parts.reduce((sum, part) => sum + part.bytes.length, 0);
  onProgress?.({ phase: 'stub', doneBytes: 0, totalBytes });
  const onBytes = (doneBytes: number): void => onProgress?.({ phase: 'stub', doneBytes, totalBytes });
  await startStub(link, stub, { chip: tool.name, blockBytes: tool.ramBlockBytes, onBytes }, signal);
}

/** Restarting and closing, once. The reset is ours (esptool-js 0.7 defect: its hard reset never asserts RTS, and leaves IO0 low). `chip` is what
 * is known by then. */
function closing(link: CommandLink, options: ChipOptions, chip: () => ChipFacts | undefined): ChipSession['close'] {
  const { transport } = link;
  const { onProgress, logger = silentLogger } = options;
  let ended: Promise<Closing> | undefined;
  const run = async (restarts: boolean): Promise<Closing> => {
    let isRestarted = false;
    try {
      if (restarts && link.closed === undefined) {
        onProgress?.({ phase: 'resetting' });
        isRestarted = await restart(link, options, chip());
      }
    } catch (error) {
      if (!isOtaError(error)) throw error;
      logger.warn(`reset: ${error.message}`);
    } finally {
      link.dispose();
      await transport.close();
    }
    return { isRestarted };
  };
  return ({ restarts = true } = {}) => (ended ??= run(restarts));
}

async function restart(link: CommandLink, options: ChipOptions, chip: ChipFacts | undefined): Promise<boolean> {
  const { transport } = link;
  const byItself = async (): Promise<boolean> => {
    if (chip === undefined || chip.isSecureDownload || !hasWatchdog(chip.target)) return false;
    await link.recover();
    return restartByWatchdog(link, chip.target);
  };
  const sequence = transport.hasModemLines
    ? (options.customHardReset ?? applicationReset(transport, options.reset))
    : undefined;
  if (sequence === undefined) return byItself();
  // nothing that is still under way to a board that restarts
  await transport.purge('output');
  link.takeText();
  await playReset(transport, sequence, undefined, link.clock);
  // a chip that is its own USB device does not sample its pins again: put into its loader by hand, it comes back there
  if (!link.takeText().includes('waiting for download')) return true;
  link.isStub = false;
  return byItself();
}

import { join } from 'node:path';
import type { FileStore } from '../base/files.ts';
import { OtaError } from '../base/ota-error.ts';
import type { IdfProject } from '../idf/project.ts';
import type {} from './errors.ts';

/** How a virtual board is set up to be a board of this project: what is in its flash, and what its firmware was configured to do. Plain
 * values, in the shape that `VirtualBoard` takes. */
export interface BoardPlan {
  readonly chip: string;
  readonly flashSizeBytes: number;
  readonly partitionTableOffset: number;
  readonly parts: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  readonly idfVersion?: string;
  readonly bootloader: { readonly hasRollback: boolean; readonly hasAntiRollback: boolean };
  readonly app: BoardAppPlan;
  /** How fast it downloads; as fast as it can when left out. */
  readonly knobs?: BoardRate;
}

export interface BoardRate {
  /** As fast as it can when undefined. */
  readonly drainBytesPerSecond: number | undefined;
}

export interface BoardAppPlan {
  readonly client: 'simple' | 'advanced' | 'native';
  /** `FROM_STDIN` where the configuration has none: the board then asks for it on its console. */
  readonly firmwareUrl: string;
  readonly updateOnBoot: 'never';
  readonly hasRollback: boolean;
  readonly hasAntiRollback: boolean;
  readonly confirmsAfterUpdate: boolean;
  readonly allowsHttp: boolean;
  readonly skipsCommonNameCheck: boolean;
  readonly skipsVersionCheck: boolean;
  readonly usesCertBundle: boolean;
  readonly receiveTimeoutMs?: number;
  readonly partialDownload?: { readonly requestSizeBytes: number };
  readonly resumption?: { readonly bufferBytes?: number };
  readonly tlsInContentLenBytes: number;
  readonly checksDates: boolean;
}

const DEFAULT_FLASH_BYTES = 0x40_0000;

/** What a first flash by cable would leave on a board: everything that `flasher_args.json` lists.
 * @throws {OtaError} `board.notBuilt` when the build is missing or not complete, naming the file; `board.encrypted` */
export async function planBoard(
  project: IdfProject,
  files: FileStore,
  client: 'auto' | 'simple' | 'advanced' | 'native',
): Promise<BoardPlan> {
  const { flasherArgs, buildFolder, ota } = project;
  if (flasherArgs === undefined || buildFolder === undefined) {
    throw new OtaError('board.notBuilt', { path: join(project.folder, 'build', 'flasher_args.json') });
  }
  const parts = await Promise.all(
    flasherArgs.files.map(async (one) => {
      if (one.isEncrypted) throw new OtaError('board.encrypted', { file: one.file });
      const path = join(buildFolder, one.file);
      const bytes = await files.read(path);
      if (bytes === undefined) throw new OtaError('board.notBuilt', { path });
      return { offset: one.offset, bytes };
    }),
  );
  return {
    chip: project.target ?? flasherArgs.chip ?? 'esp32',
    flashSizeBytes: ota.flashSizeBytes ?? DEFAULT_FLASH_BYTES,
    partitionTableOffset: ota.partitionTableOffset,
    parts,
    ...(project.idfVersion === undefined ? {} : { idfVersion: project.idfVersion.text }),
    bootloader: { hasRollback: ota.isRollbackEnabled, hasAntiRollback: ota.isAntiRollbackEnabled },
    app: planBoardApp(project, client),
  };
}

/** What the firmware of the project was configured to do. */
export function planBoardApp(project: IdfProject, client: 'auto' | 'simple' | 'advanced' | 'native'): BoardAppPlan {
  const { ota, sources } = project;
  const found = sources.clientKind === 'unknown' ? 'simple' : sources.clientKind;
  return {
    client: client === 'auto' ? found : client,
    firmwareUrl: ota.firmwareUrl?.value ?? 'FROM_STDIN',
    updateOnBoot: 'never',
    hasRollback: ota.isRollbackEnabled,
    hasAntiRollback: ota.isAntiRollbackEnabled,
    confirmsAfterUpdate: sources.calls.some((call) => call.name === 'esp_ota_mark_app_valid_cancel_rollback'),
    allowsHttp: ota.allowsHttp,
    skipsCommonNameCheck: ota.skipsCommonNameCheck ?? false,
    skipsVersionCheck: ota.skipsVersionCheck ?? false,
    usesCertBundle: ota.usesCertificateBundle ?? false,
    ...(ota.receiveTimeoutMs === undefined ? {} : { receiveTimeoutMs: ota.receiveTimeoutMs }),
    ...(ota.isPartialDownloadEnabled === true && ota.canDownloadPartially
      ? { partialDownload: { requestSizeBytes: ota.requestSizeBytes ?? ota.tlsReceiveBytes } }
      : {}),
    ...(ota.isResumptionEnabled === true ? { resumption: {} } : {}),
    tlsInContentLenBytes: ota.tlsReceiveBytes,
    checksDates: ota.checksCertificateTime ?? false,
  };
}

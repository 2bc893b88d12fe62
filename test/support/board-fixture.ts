import type { AppOptions, BoardSetup } from '../../src/virtual-board/board-setup.ts';
import { VirtualBoard } from '../../src/virtual-board/virtual-board.ts';
import {
  chipFacts,
  makeAppImage,
  makeBootloaderImage,
  makeOtadata,
  makePartitionTable,
  parseTableCsv,
  BUILT_IN_TABLES,
  type AppImageOptions,
} from './firmware.ts';

/** A firmware build in the small: the files a first serial flash would write. */
export interface FixtureOptions {
  readonly target?: string;
  /** CSV text or the name of a built-in table; default partitions_two_ota_large.csv, as in the examples since 5.4. */
  readonly table?: string;
  /** PEM that the firmware embeds. */
  readonly caPem?: string;
  readonly idfVersion?: string;
  /** Of the image that is flashed first. */
  readonly image?: AppImageOptions;
  readonly app?: Partial<AppOptions>;
  readonly setup?: Partial<BoardSetup>;
  readonly otadata?: Uint8Array;
}

export function imageFor(options: FixtureOptions, more: AppImageOptions): Uint8Array {
  return makeAppImage({
    target: options.target ?? 'esp32',
    projectName: 'ota_example',
    idfVersion: `v${options.idfVersion ?? '5.5.5'}`,
    totalSizeBytes: 64 * 1024,
    ...(options.caPem === undefined ? {} : { embeddedFiles: [{ content: options.caPem }] }),
    ...options.image,
    ...more,
  });
}

export function tableRows(options: FixtureOptions): ReturnType<typeof parseTableCsv> {
  const table = options.table ?? 'partitions_two_ota_large.csv';
  return parseTableCsv(BUILT_IN_TABLES[table] ?? table);
}

/** The setup of a board with bootloader, table, otadata and version 1.0.0 in its first application partition. */
export function boardSetup(options: FixtureOptions = {}): BoardSetup {
  const target = options.target ?? 'esp32';
  const rows = tableRows(options);
  const otadata = rows.find((row) => row.type === 1 && row.subtype === 0);
  const first =
    rows.find((row) => row.type === 0 && row.subtype === 0) ?? rows.find((row) => row.type === 0 && row.subtype === 16);
  const idfVersion = options.idfVersion ?? '5.5.5';
  return {
    chip: target,
    idfVersion,
    parts: [
      {
        offset: chipFacts(target).bootloaderOffset,
        bytes: makeBootloaderImage({ target, idfVersion: `v${idfVersion}` }),
      },
      { offset: 0x8000, bytes: makePartitionTable(rows) },
      ...(otadata === undefined ? [] : [{ offset: otadata.offset, bytes: options.otadata ?? makeOtadata() }]),
      ...(first === undefined ? [] : [{ offset: first.offset, bytes: imageFor(options, { version: '1.0.0' }) }]),
    ],
    delays: { bootLoopMs: 50 },
    app: { ...options.app },
    ...options.setup,
  };
}

export function makeBoard(options: FixtureOptions = {}): VirtualBoard {
  return new VirtualBoard(boardSetup(options));
}

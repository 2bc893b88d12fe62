// What a build says of itself: project_description.json, the arguments for flashing, the size check.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chipFacts } from './chip-facts.mjs';
import { BuildFailure } from './read-project.mjs';

/** @typedef {import('./read-project.mjs').Project} Project */
/** @typedef {import('./partition-tables.mjs').PartitionRow} PartitionRow */

/**
 * @see ESP-IDF v5.5 `tools/cmake/project_description.json.in`
 * @param {Project} project
 * @param {string} build
 */
export function projectDescription(project, build) {
  const isXtensa = /^esp32(s2|s3)?$/.test(project.target);
  return {
    version: '1.2',
    project_name: project.name,
    project_version: project.version,
    project_path: project.folder,
    idf_path: process.env['IDF_PATH'] ?? '',
    build_dir: build,
    config_file: join(project.folder, 'sdkconfig'),
    config_defaults: existsSync(join(project.folder, 'sdkconfig.defaults'))
      ? join(project.folder, 'sdkconfig.defaults')
      : '',
    bootloader_elf: join(build, 'bootloader', 'bootloader.elf'),
    app_elf: `${project.name}.elf`,
    app_bin: `${project.name}.bin`,
    build_type: 'flash_app',
    git_revision: `v${project.idfVersion}`,
    target: project.target,
    rev: '',
    min_rev: String(project.config.get('ESP_REV_MIN_FULL') ?? ''),
    max_rev: String(project.config.get('ESP_REV_MAX_FULL') ?? ''),
    phy_data_partition: '',
    monitor_baud: String(project.config.get('ESPTOOLPY_MONITOR_BAUD') ?? 115200),
    monitor_toolprefix: isXtensa ? `xtensa-${project.target}-elf-` : 'riscv32-esp-elf-',
    c_compiler: '',
    config_environment: { COMPONENT_KCONFIGS: '', COMPONENT_KCONFIGS_PROJBUILD: '' },
    common_component_reqs: [],
    build_components: ['main'],
    build_component_paths: [join(project.folder, 'main')],
    build_component_info: {},
    all_component_info: {},
    debug_prefix_map_gdbinit: '',
    gdbinit_files: {},
    debug_arguments_openocd: '',
  };
}

/**
 * `flasher_args.json` and the text files with the same data, in the spelling of the ESP-IDF version.
 * @see ESP-IDF v5.5 `components/esptool_py/project_include.cmake`
 * @param {Project} project
 * @param {readonly PartitionRow[]} rows
 * @returns {[string, string][]}
 */
export function flashArguments(project, rows) {
  const dash = Number.parseInt(project.idfVersion, 10) >= 6 ? '-' : '_';
  const settings = {
    flash_mode: String(project.config.get('ESPTOOLPY_FLASHMODE')),
    flash_size: String(project.config.get('ESPTOOLPY_FLASHSIZE')),
    flash_freq: String(project.config.get('ESPTOOLPY_FLASHFREQ')),
  };
  const write = Object.entries(settings).flatMap(([name, value]) => [`--${name.replace('_', dash)}`, value]);
  const appOffset =
    (rows.find((row) => row.type === 0 && row.subtype === 0) ?? rows.find((row) => row.type === 0))?.offset ?? 0;
  const otadata = otadataRow(rows);
  const files = [
    { name: 'bootloader', offset: chipFacts(project.target).bootloaderOffset, file: 'bootloader/bootloader.bin' },
    { name: 'app', offset: appOffset, file: `${project.name}.bin` },
    {
      name: 'partition-table',
      offset: Number(project.config.get('PARTITION_TABLE_OFFSET')),
      file: 'partition_table/partition-table.bin',
    },
    ...(otadata ? [{ name: 'otadata', offset: otadata.offset, file: 'ota_data_initial.bin' }] : []),
  ];
  const entry = (/** @type {(typeof files)[number]} */ { name, offset, file }) =>
    /** @type {const} */ ([name, { offset: hex(offset), file, encrypted: 'false' }]);
  const lines = (/** @type {typeof files} */ list) =>
    [write.join(' '), ...list.map(({ offset, file }) => `${hex(offset)} ${file}`), ''].join('\n');
  return [
    [
      'flasher_args.json',
      json({
        write_flash_args: write,
        flash_settings: settings,
        flash_files: Object.fromEntries(files.map(({ offset, file }) => [hex(offset), file])),
        ...Object.fromEntries(files.map(entry)),
        extra_esptool_args: {
          after: String(project.config.get('ESPTOOLPY_AFTER') ?? `hard${dash}reset`),
          before: String(project.config.get('ESPTOOLPY_BEFORE') ?? `default${dash}reset`),
          stub: project.config.get('ESPTOOLPY_NO_STUB') !== true,
          chip: project.target,
        },
      }),
    ],
    ['flash_args', lines(files)],
    ['flash_app_args', lines(files.filter(({ name }) => name === 'app'))],
  ];
}

/**
 * @see ESP-IDF v5.5 `components/partition_table/check_sizes.py`
 * @param {Project} project
 * @param {number} imageBytes
 * @param {readonly PartitionRow[]} rows
 */
export function sizeReport(project, imageBytes, rows) {
  const sizes = rows.filter((row) => row.type === 0).map((row) => row.size);
  const smallest = Math.min(...sizes);
  if (imageBytes > Math.max(...sizes)) {
    throw new BuildFailure(
      `Error: app partition is too small for binary ${project.name}.bin size ${hex(imageBytes)}. Largest app partition is ${hex(Math.max(...sizes))} bytes.`,
    );
  }
  const free = smallest - imageBytes;
  return free < 0
    ? `Warning: 1/${sizes.length} app partitions are too small for binary ${project.name}.bin size ${hex(imageBytes)}`
    : `${project.name}.bin binary size ${hex(imageBytes)} bytes. Smallest app partition is ${hex(smallest)} bytes. ` +
        `${hex(free)} bytes (${Math.round((free * 100) / smallest)}%) free.`;
}

/** @param {readonly PartitionRow[]} rows */
export function otadataRow(rows) {
  return rows.find((row) => row.type === 1 && row.subtype === 0);
}

/** @param {unknown} value */
export function json(value) {
  return `${JSON.stringify(value, undefined, 4)}\n`;
}

/** @param {number} value */
export function hex(value) {
  return `0x${value.toString(16)}`;
}

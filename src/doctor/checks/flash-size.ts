import { basename } from 'node:path';
import type { DoctorFacts } from '../facts.ts';
import { finding, type Finding, type Fix } from '../finding.ts';
import { flashSizeOptions, flashSizeFor } from '../option-changes.ts';
import { optionPlace } from '../places.ts';
import { flashSizeSymbols } from './partition-rows.ts';

/** The flash size has to be the same in sdkconfig and in the images' headers, and no larger than the board's. */
export function flashSizeFindings(facts: DoctorFacts): readonly Finding[] {
  const configuredBytes = facts.project.ota.flashSizeBytes;
  if (configuredBytes === undefined) return [];
  return [...imageSize(facts, configuredBytes), ...boardSize(facts, configuredBytes)];
}

function imageSize(facts: DoctorFacts, configuredBytes: number): readonly Finding[] {
  const { app, bootloader, config } = facts.project;
  // the header is adjusted when the image is flashed
  if (config.bool('ESPTOOLPY_HEADER_FLASHSIZE_UPDATE') === true || config.bool('ESPTOOLPY_FLASHSIZE_DETECT') === true) {
    return [];
  }
  const image = [app, bootloader].find(
    (one) => one?.image !== undefined && one.image.header.flashSizeBytes !== configuredBytes,
  );
  const imageBytes = image?.image?.header.flashSizeBytes;
  if (image === undefined || imageBytes === undefined) return [];
  const at = optionPlace(facts, ...flashSizeSymbols(facts));
  const fixes: readonly Fix[] = [{ kind: 'command', id: 'build', command: 'buildFirmware', needs: ['fullFlash'] }];
  const details = { imageBytes, configuredBytes, file: basename(image.path) };
  return [finding('layout-flash-size-image', details, { at, fixes })];
}

/** A bootloader stops at an image for more flash than there is; flash beyond what is configured is only not used. */
function boardSize(facts: DoctorFacts, configuredBytes: number): readonly Finding[] {
  const boardBytes = facts.board?.flashSizeBytes;
  if (boardBytes === undefined || boardBytes === configuredBytes) return [];
  const at = optionPlace(facts, ...flashSizeSymbols(facts));
  const severity = boardBytes < configuredBytes ? 'error' : 'information';
  const fixes: readonly Fix[] =
    flashSizeFor(boardBytes) === boardBytes
      ? [
          {
            kind: 'setOptions',
            id: 'setFlashSize',
            options: flashSizeOptions(boardBytes),
            needs: ['rebuild', 'fullFlash'],
          },
        ]
      : [];
  return [finding('layout-flash-size-board', { boardBytes, configuredBytes }, { at, severity, fixes })];
}

import * as l10n from '@vscode/l10n';
import { describeRelease, writeMetadata } from '../ota/publish.ts';
import { bytesText } from '../texts/text.ts';
import type { CommandContext, CommandResult } from './command.ts';
import { EXIT } from './exit-codes.ts';
import { openProject, shownPath } from './open-project.ts';
import { UsageError } from './usage-error.ts';

export interface MetadataOptions {
  readonly url: string | undefined;
  readonly notes: string;
  readonly print: boolean;
}

/** Runs `metadata`. @throws {OtaError} those of `openProject` and `writeMetadata` */
export async function writeProjectMetadata(
  context: CommandContext,
  { url, notes, print: isPrinted }: MetadataOptions,
  [folder]: readonly string[],
): Promise<CommandResult> {
  const { files, print, style, cwd } = context;
  if (url !== undefined && !(/^https?:\/\/[^/]/.test(url) && URL.canParse(url)))
    throw new UsageError('usage.badUrl', l10n.t('--url {0}: it has to begin with http:// or https://.', url), { url });
  const { project } = await openProject(context, folder);
  if (isPrinted) {
    const manifest = await describeRelease(project, files, url, notes);
    print(JSON.stringify(manifest, undefined, 2));
    return { exitCode: EXIT.ok, data: { manifest } };
  }
  const { manifest, manifestPath, imagePath } = await writeMetadata(project, files, url, notes);
  const name = `${manifest.project} ${manifest.version}`;
  print(`${style.green('✔')} ${style.bold(name)}  ${manifest.chip}  ${bytesText(manifest.size)}`);
  print(`  SHA-256 ${manifest.sha256}`);
  print(`  ${shownPath(cwd, imagePath)}`);
  print(`  ${shownPath(cwd, manifestPath)}`);
  return { exitCode: EXIT.ok, data: { manifest, manifestPath, imagePath } };
}

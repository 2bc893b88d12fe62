import * as l10n from '@vscode/l10n';
import { isOtaError } from '../base/ota-error.ts';
import type { IdfProject } from '../idf/project.ts';
import { releaseJson } from '../json/server-json.ts';
import { publishImage, publishProject } from '../ota/publish.ts';
import type { Release, ReleaseStore } from '../server/release-store.ts';
import { textOfError } from '../texts/error-texts.ts';
import { bytesText, shortDigest } from '../texts/text.ts';
import type { CommandContext } from './command.ts';
import type { OpenProject } from './open-project.ts';

export interface Publishing {
  /** Publishes what was built since the last look.
   * @throws {OtaError} at the first look, for a file that can't be served; later ones are noted */
  look(): Promise<void>;
  readonly release: (id: string) => Release | undefined;
}

export interface PublishingOptions {
  readonly opened: OpenProject | undefined;
  /** Absolute paths. */
  readonly images: readonly string[];
  readonly releases: ReleaseStore;
  readonly url: () => string;
  readonly notes: string;
}

/** Keeps a server's releases up to date with a project and with files. */
export function publishing(context: CommandContext, options: PublishingOptions): Publishing {
  const { opened, images, releases } = options;
  const { files, print, note, style, emit, signal } = context;
  const known = new Map<string, Release>();
  const stamps = new Map<string, string>();
  let project: IdfProject | undefined;
  let publishedAt: string | undefined;
  let newest: Release | undefined;
  let isFirst = true;

  const tell = (release: Release): void => {
    known.set(release.id, release);
    const url = `${options.url()}${release.paths.newest}`;
    emit({
      event: 'published',
      release: releaseJson(release, options.url()),
    });
    const name = [release.project, release.version].filter(Boolean).join(' ');
    const facts = `${bytesText(release.bytes.length)}, SHA-256 ${shortDigest(release.sha256)}…`;
    print(`${style.green('✔')} ${style.bold(name)}  ${style.dim(facts)}`);
    print(`  ${url}`);
  };

  const lookAtProject = async ({ loader, folder, project: first }: OpenProject): Promise<void> => {
    const now = isFirst ? first : await loader.load(folder, signal);
    const url = options.url();
    // the metadata has the URL in it
    if (now === project && url === publishedAt) return;
    project = now;
    publishedAt = url;
    if (now.app?.image?.description === undefined) {
      if (isFirst) note(l10n.t('{0} is not built: it is served as soon as it is.', now.name));
      return;
    }
    const release = await publishProject(now, releases, files, url, options.notes);
    if (release !== newest) tell(release);
    newest = release;
  };

  const lookAtImage = async (path: string): Promise<void> => {
    const stat = await files.stat(path);
    const stamp = `${stat?.modifiedMs ?? ''} ${stat?.sizeBytes ?? ''}`;
    // one that is being replaced is not there for a moment
    if (stamps.get(path) === stamp || (stat === undefined && !isFirst)) return;
    stamps.set(path, stamp);
    const release = await publishImage(path, releases, files);
    if (!known.has(release.id)) tell(release);
  };

  return {
    release: (id) => known.get(id),
    look: async () => {
      const looks = [
        ...(opened === undefined ? [] : [() => lookAtProject(opened)]),
        ...images.map((path) => () => lookAtImage(path)),
      ];
      for (const one of looks) {
        try {
          await one();
        } catch (error) {
          if (isFirst || !isOtaError(error)) throw error;
          // half of a file that is being written; the next look sees it whole
          if (!isOtaError(error, 'cancelled')) note(textOfError(error).message);
        }
      }
      isFirst = false;
    },
  };
}

import { beforeEach, describe, expect, it } from 'vitest';
import { diskFiles } from '../../../src/base/files.ts';
import type { CommandContext } from '../../../src/command-line/command.ts';
import { publishing, type Publishing } from '../../../src/command-line/publish-builds.ts';
import { styleOf } from '../../../src/command-line/style.ts';
import { ProjectLoader } from '../../../src/idf/project-loader.ts';
import { ReleaseStore } from '../../../src/server/release-store.ts';
import { useBuiltExample } from '../../support/built-example.ts';

const example = useBuiltExample();

describe('what a server of the command line serves of a project', () => {
  let url: string;
  let emitted: unknown[];
  let releases: ReleaseStore;
  let publisher: Publishing;
  beforeEach(async () => {
    url = 'https://10.0.0.2:8070';
    emitted = [];
    releases = new ReleaseStore();
    const loader = new ProjectLoader(diskFiles);
    const context: Partial<CommandContext> = {
      files: diskFiles,
      style: styleOf(process.stdout, {}, true),
      signal: new AbortController().signal,
      print: () => undefined,
      note: (line) => expect.unreachable(line),
      emit: (event) => emitted.push(event),
    };
    publisher = publishing(context as CommandContext, {
      opened: { folder: example.project, loader, project: await loader.load(example.project) },
      images: [],
      releases,
      url: () => url,
      notes: '',
    });
    await publisher.look();
  });

  const metadata = (): string | undefined => releases.resolve('/manifest.json')?.release.manifest;

  it('has the metadata name the address of now, and is told once', async () => {
    expect(metadata()).toContain('https://10.0.0.2:8070/simple_ota.bin');
    url = 'https://10.0.0.3:8070';
    await publisher.look();
    expect(metadata()).toContain('https://10.0.0.3:8070/simple_ota.bin');
    expect(emitted).toHaveLength(1);
  });
});

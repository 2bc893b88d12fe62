import type { Disposable } from '../../base/disposable.ts';
import { OtaError } from '../../base/ota-error.ts';
import type { Esp32OtaExports } from './api.ts';
import type { ApiSources } from './create-api.ts';

type Created = Awaited<ReturnType<typeof load>>;

const load = async (sources: ApiSources) => (await import('./create-api.ts')).createApi(sources);

/** What `activate` returns: everything behind it is loaded for the first extension that asks. */
export function createExports(sources: ApiSources): { readonly exports: Esp32OtaExports } & Disposable {
  let created: Promise<Created> | undefined;
  let isEnded = false;
  const exports: Esp32OtaExports = Object.freeze({
    apiVersions: Object.freeze([1]),
    getApi: async (version: number) => {
      if (version !== 1) throw new OtaError('api.unknownVersion', { version });
      if (isEnded) throw new OtaError('api.ended', {});
      const loading = (created ??= load(sources));
      try {
        return (await loading).api;
      } catch (error) {
        if (created === loading) created = undefined; // whoever asks next may be luckier
        throw error;
      }
    },
  });
  return {
    exports,
    dispose: () => {
      isEnded = true;
      created
        ?.then((one) => {
          one.dispose();
        })
        .catch(() => undefined); // whoever asked was told
    },
  };
}

import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { setContext } from './context.ts';
import { confirmedIn, rememberedTrust } from './first-steps-facts.ts';
import type { WindowSession } from './window-session.ts';

/** Keeps the context keys up to date that complete the walkthrough's steps: what really is so, however it came about. */
export function watchFirstSteps({
  projects,
  certificates,
  deliver,
}: Pick<WindowSession, 'projects' | 'certificates' | 'deliver'>): Disposable {
  const store = new DisposableStore();
  const trusts = rememberedTrust();
  const lookAtCertificate = (): void => {
    const { project } = projects;
    const trustPem = certificates.current?.trustPem;
    const app = project?.app;
    setContext('hasCertificate', trustPem !== undefined && project?.certificate.pem?.trim() === trustPem.trim());
    setContext('isServerTrusted', trustPem !== undefined && app !== undefined && trusts(app.bytes, trustPem));
  };
  const lookAtDeliveries = (): void => {
    const { hasConfirmedUpdate, hasUpdatedBoard } = confirmedIn(deliver.deliveries);
    setContext('hasConfirmedUpdate', hasConfirmedUpdate);
    setContext('hasUpdatedBoard', hasUpdatedBoard);
  };
  const readDeliveries = (): void => {
    // what was delivered earlier counts too, whether or not the Updates view has shown it
    void deliver.load().then(lookAtDeliveries);
  };
  store.add(projects.onChange(lookAtCertificate));
  store.add(certificates.onChange(lookAtCertificate));
  store.add(deliver.onChange(lookAtDeliveries));
  store.add(projects.onChange(readDeliveries));
  lookAtCertificate();
  readDeliveries();
  return store;
}

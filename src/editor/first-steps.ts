import { DisposableStore, type Disposable } from '../base/disposable.ts';
import { certificateSteps, deliverySteps, rememberedTrust } from '../ota/first-steps.ts';
import { setContext } from './context.ts';
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
    const steps = certificateSteps(projects.project, certificates.current?.trustPem, trusts);
    setContext('hasCertificate', steps.hasCertificate);
    setContext('isServerTrusted', steps.isServerTrusted);
  };
  const lookAtDeliveries = (): void => {
    const steps = deliverySteps(deliver.deliveries);
    setContext('hasConfirmedUpdate', steps.hasConfirmedUpdate);
    setContext('hasUpdatedBoard', steps.hasUpdatedBoard);
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

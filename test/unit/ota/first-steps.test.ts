import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildOutputs } from '../../../examples/tools/build-outputs.mjs';
import { diskFiles } from '../../../src/base/files.ts';
import { loadProject } from '../../../src/idf/project-loader.ts';
import type { Delivery } from '../../../src/ota/delivery.ts';
import { certificateSteps, deliverySteps, rememberedTrust } from '../../../src/ota/first-steps.ts';
import { CertificateStore } from '../../../src/server/certificate-store.ts';
import { installCertificate } from '../../../src/server/install-certificate.ts';
import { copyExample } from '../../support/example-project.ts';

/** A delivery to one board that ended confirmed. */
function confirmed(id: string, trigger: string, kind: Delivery['kind'] = 'delivery'): Delivery {
  const update = { id, name: id, trigger, timeline: { verdict: { outcome: 'confirmed' } } };
  return { id: 'd', kind, project: 'blink', startedMs: 1, work: [], updates: [update as never] };
}

describe('the first steps with a certificate', () => {
  it('are done one after the other: when it is in the project, and when the firmware that is built trusts it', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'first-steps-'));
    onTestFinished(() => {
      rmSync(parent, { recursive: true, force: true });
    });
    const folder = copyExample('simple_ota', parent);
    const store = new CertificateStore(join(parent, 'storage'));
    const { certificatePem } = await store.authority('ec');
    const steps = async (trustPem: string | undefined) =>
      certificateSteps(await loadProject(folder, diskFiles), trustPem, rememberedTrust());

    expect(await steps(certificatePem)).toEqual({ hasCertificate: false, isServerTrusted: false });
    await installCertificate(await loadProject(folder, diskFiles), certificatePem, store);
    expect(await steps(certificatePem)).toEqual({ hasCertificate: true, isServerTrusted: false });
    buildOutputs({ projectFolder: folder });
    expect(await steps(certificatePem)).toEqual({ hasCertificate: true, isServerTrusted: true });

    // of another one, or of none, nothing is done
    const other = await store.renewAuthority('ec');
    expect(await steps(other.certificatePem)).toEqual({ hasCertificate: false, isServerTrusted: false });
    expect(await steps(undefined)).toEqual({ hasCertificate: false, isServerTrusted: false });
  });

  it('are not done without a project', () => {
    const trusts = (): boolean => true;
    expect(certificateSteps(undefined, 'pem', trusts)).toEqual({ hasCertificate: false, isServerTrusted: false });
  });
});

describe('the first steps with a board', () => {
  it('are done by a delivery that was confirmed, and not by a rehearsal', () => {
    expect(deliverySteps([confirmed('virtual', 'virtual', 'rehearsal')])).toEqual({
      hasConfirmedUpdate: false,
      hasUpdatedBoard: false,
    });
    expect(deliverySteps([confirmed('virtual', 'virtual')])).toEqual({
      hasConfirmedUpdate: true,
      hasUpdatedBoard: false,
    });
  });

  it('are done on a real board where it is known which one it was', () => {
    for (const [id, trigger] of [
      ['COM5', 'reset'],
      ['192.168.0.7', 'http'],
    ] as const)
      expect(deliverySteps([confirmed(id, trigger)]).hasUpdatedBoard, id).toBe(true);
    expect(deliverySteps([confirmed('any', 'wait')]).hasUpdatedBoard).toBe(false);
  });
});

it('an image is searched for a certificate once, as long as both are the same', () => {
  let searches = 0;
  const trusts = rememberedTrust((bytes, pem) => {
    searches += 1;
    return { trusted: bytes.length === 1 && pem === 'a' };
  });
  const [one, two] = [new Uint8Array(1), new Uint8Array(2)];
  expect([trusts(one, 'a'), trusts(one, 'a'), trusts(one, 'a')]).toEqual([true, true, true]);
  expect(searches).toBe(1);
  expect([trusts(one, 'b'), trusts(two, 'b'), trusts(one, 'a')]).toEqual([false, false, true]);
  expect(searches).toBe(4);
});

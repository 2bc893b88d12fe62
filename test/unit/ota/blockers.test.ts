import { describe, expect, it } from 'vitest';
import { finding, type Finding } from '../../../src/doctor/finding.ts';
import { blockingFindings } from '../../../src/ota/blockers.ts';

const build = { id: 'build', kind: 'command', command: 'buildFirmware', needs: [] } as const;
const FINDINGS: readonly Finding[] = [
  finding('layout-no-otadata', { slots: 2 }),
  finding('url-port', { port: 1, expected: 2, isOn: true }),
  finding('certificate-not-in-image', { file: 'ca.pem', image: 'a.bin' }, { fixes: [build] }),
  finding('image-too-short', { file: 'a.bin', bytes: 1, needed: 2 }),
  finding('host-loopback', { bindHost: '127.0.0.1' }),
  finding('host-no-request', { seconds: 9, platform: 'linux', port: 8070 }),
  finding('certificate-private-key', { file: 'ca_key.pem', isTracked: true }, { severity: 'error' }),
  finding('layout-app-nearly-full', { slot: 'ota_0', slotBytes: 2, appBytes: 1 }),
];

function ids(isBuilt: boolean, trigger: Parameters<typeof blockingFindings>[1]['trigger']): string[] {
  return blockingFindings(FINDINGS, { isBuilt, trigger }).map((one) => one.id);
}

describe('what stops a delivery', () => {
  it('is what makes the update fail: no warning, nothing about an earlier try, and no key in Git', () => {
    expect(ids(true, 'wait')).toEqual([
      'layout-no-otadata',
      'url-port',
      'certificate-not-in-image',
      'image-too-short',
      'host-loopback',
    ]);
  });

  it('is before the build nothing that a build puts right', () => {
    expect(ids(false, 'wait')).toEqual(['layout-no-otadata', 'url-port', 'host-loopback']);
  });

  it('is no URL where the board is told one', () => {
    expect(ids(false, 'sendUrl')).toEqual(['layout-no-otadata', 'host-loopback']);
    expect(ids(false, 'http')).toEqual(['layout-no-otadata', 'host-loopback']);
  });

  it('is no address that only this computer reaches, for a board on this computer', () => {
    expect(ids(false, 'virtual')).toEqual(['layout-no-otadata', 'url-port']);
  });
});

import { describe, expect, it } from 'vitest';
import { OtaError } from '../../../src/base/ota-error.ts';
import { errorLine } from '../../../src/texts/error-texts.ts';

describe('a port that the system refuses', () => {
  it('is one for administrators only below 1024', () => {
    expect(errorLine(new OtaError('server.portForbidden', { port: 443 }))).toContain('Use a port from 1024 on');
  });

  it('is one that Windows has reserved above', () => {
    const line = errorLine(new OtaError('server.portForbidden', { port: 8070 }));
    expect(line).toContain('netsh interface ipv4 show excludedportrange tcp');
    expect(line).not.toContain('administrator');
  });
});

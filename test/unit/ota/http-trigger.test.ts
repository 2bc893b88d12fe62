import { describe, expect, it } from 'vitest';
import { nameTargets, parseTemplate, requestUpdate } from '../../../src/ota/http-trigger.ts';
import { caught } from '../../support/caught.ts';

const URL_OF = 'https://192.168.1.20:8070/my app.bin?x=1&y=ü';
const fill = (template: string) => parseTemplate({ template, url: URL_OF, version: '1.1.0+ä' });

describe('the request that makes a board update', () => {
  it('is GET unless it says otherwise, with URL and version percent-encoded', () => {
    expect(fill('http://192.168.1.50/ota?url={url}')).toEqual({
      method: 'GET',
      target: new URL(`http://192.168.1.50/ota?url=${encodeURIComponent(URL_OF)}`),
    });
    const { method, target } = fill('  post  http://board.local:8080/{version}/go?u={url}&again={url} ');
    expect(method).toBe('POST');
    expect(target.pathname).toBe('/1.1.0%2B%C3%A4/go');
    expect(target.searchParams.getAll('again')).toEqual([URL_OF]);
  });

  it.each([
    ['', 'url'],
    ['192.168.1.50/ota', 'url'],
    ['DELETE http://192.168.1.50/', 'method'],
    ['ftp://192.168.1.50/', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['http://user:secret@192.168.1.50/', 'credentials'],
    ['http://a b/', 'url'],
  ])('%j is none: %s', async (template, problem) => {
    const error = await caught(() => fill(template), 'trigger.badTemplate');
    expect(error.details.problem).toBe(problem);
  });

  it('is kept without what may be secret in it', async () => {
    const error = await caught(
      () => fill('POST http://me:secret@192.168.1.50/ota?token=secret'),
      'trigger.badTemplate',
    );
    expect(error.details.template).toBe('POST http://192.168.1.50/ota');
    const work = requestUpdate(
      { template: 'http://127.0.0.1:9/ota?token=secret', url: URL_OF, version: '1' },
      new AbortController().signal,
    );
    expect((await caught(work, 'trigger.unreachable')).details.url).toBe('http://127.0.0.1:9/ota');
  });

  it.each(['http://8.8.8.8/ota', 'http://[2001:4860:4860::8888]/', 'http://0x08080808/'])(
    'is not sent to %s, outside the local network',
    async (template) => {
      const work = requestUpdate({ template, url: URL_OF, version: '1' }, new AbortController().signal);
      await caught(work, 'trigger.publicAddress');
    },
  );

  it('names a board by its host, and boards on one host apart', () => {
    const targets = ['http://10.0.0.1/ota?a=1', 'http://10.0.0.2/one?token=x', 'http://10.0.0.2/two'].map(
      (url) => new URL(url),
    );
    expect(nameTargets(targets)).toEqual([
      { id: '10.0.0.1', name: '10.0.0.1' },
      { id: '10.0.0.2', name: '10.0.0.2/one' },
      { id: '10.0.0.2#2', name: '10.0.0.2/two' },
    ]);
  });

  it('is not sent when it was called off', async () => {
    const stop = new AbortController();
    stop.abort();
    const template = 'http://127.0.0.1:9/ota';
    await caught(requestUpdate({ template, url: URL_OF, version: '1' }, stop.signal), 'cancelled');
  });
});

import { describe, expect, it } from 'vitest';
import { parseTemplate, requestUpdate } from '../../../src/ota/http-trigger.ts';
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

  it.each(['http://8.8.8.8/ota', 'http://[2001:4860:4860::8888]/', 'http://0x08080808/'])(
    'is not sent to %s, outside the local network',
    async (template) => {
      const work = requestUpdate({ template, url: URL_OF, version: '1' }, new AbortController().signal);
      await caught(work, 'trigger.publicAddress');
    },
  );

  it('is not sent when it was called off', async () => {
    const stop = new AbortController();
    stop.abort();
    const template = 'http://127.0.0.1:9/ota';
    await caught(requestUpdate({ template, url: URL_OF, version: '1' }, stop.signal), 'cancelled');
  });
});

import { readFileSync } from 'node:fs';
import { expect, inject, it } from 'vitest';
import { bundledPackages } from '../../scripts/lib/notices.mjs';
import { readZip } from './zip.ts';

const scripts = [...readZip(readFileSync(inject('vsixFile')))]
  .filter(([name]) => name.endsWith('.js'))
  .map(([name, bytes]) => ({ name, text: bytes.toString('utf8') }));

it('ships no code that tells somebody what the user does', () => {
  expect(scripts.length).toBeGreaterThan(50);
  const words = /createTelemetryLogger|TelemetryReporter|applicationinsights|sendBeacon|XMLHttpRequest|new WebSocket/i;
  expect(scripts.filter(({ text }) => words.test(text)).map(({ name }) => name)).toEqual([]);
  const packages = bundledPackages().map(({ name }) => name);
  expect(
    packages.filter((name) => /telemetry|applicationinsights|sentry|analytics|segment|posthog/i.test(name)),
  ).toEqual([]);
});

it('ships no address that it could be told', () => {
  // names of formats; a host that stands for any; the form of a request in a setting
  const known = new Set([
    'www.w3.org',
    'www.apache.org',
    'example',
    '192.168.1.50',
    'github.com',
    'docs.espressif.com',
  ]);
  const hosts = scripts.flatMap(({ text }) =>
    [...text.matchAll(/https?:\/\/([\w.-]+)/g)].map((match) => match[1] ?? ''),
  );
  expect(hosts.filter((host) => !known.has(host))).toEqual([]);
});

it('has one fetch, that of a package for tables of texts, which are handed to it as they are', () => {
  const found = scripts.flatMap(({ text }) => [...text.matchAll(/.{0,80}\bfetch\(/g)].map(([match]) => match));
  expect(found.filter((match) => !match.includes('protocol==="https:"'))).toEqual([]);
  expect(found.length).toBeLessThanOrEqual(1);
});

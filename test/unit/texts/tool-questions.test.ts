import { describe, expect, it } from 'vitest';
import { deliveryPlanText, servedToText, type DeliveryPlan, type ServedTo } from '../../../src/texts/tool-questions.ts';

describe('the question before the server is started', () => {
  const all: ServedTo = {
    protocol: 'https',
    host: '10.0.0.2',
    port: 8070,
    bindAddress: '0.0.0.0',
    allowsPublic: false,
  };

  it('says who is served, by what it is bound to', () => {
    expect(servedToText(all)).toBe(
      'It serves the built firmware on https://10.0.0.2:8070, at all addresses of this computer. Devices of the local network may download.',
    );
    for (const bindAddress of ['127.0.0.1', '::1', 'localhost'])
      expect(servedToText({ ...all, host: '127.0.0.1', bindAddress })).toBe(
        'It serves the built firmware on https://127.0.0.1:8070 to this computer only.',
      );
    expect(servedToText({ ...all, bindAddress: '10.0.0.2' })).toContain('at the address 10.0.0.2 of this computer.');
    expect(servedToText({ ...all, host: 'fd00::2' })).toContain('https://[fd00::2]:8070');
  });

  it('says when the internet may download, too', () => {
    expect(servedToText({ ...all, allowsPublic: true })).toContain('also from the internet');
    expect(servedToText(all)).not.toContain('internet');
  });
});

describe('the question before a delivery', () => {
  const plan: DeliveryPlan = {
    isBuilt: true,
    buildCommand: '',
    bumpVersion: 'never',
    trigger: 'virtual',
    port: '',
    hosts: [],
  };

  it('says which boards are updated, and how they are told', () => {
    expect(deliveryPlanText(plan)).toBe(
      'The project is built and served. The virtual boards are updated over the air. No real board is touched.',
    );
    expect(deliveryPlanText({ ...plan, trigger: 'wait' })).toContain('The real board that asks first');
    for (const trigger of ['wait', 'reset', 'sendUrl'] as const)
      expect(deliveryPlanText({ ...plan, trigger, port: 'COM5' })).toContain('A real board (COM5) is');
  });

  it('names the hosts that are sent a request', () => {
    const hosts = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', 'board.example'];
    expect(deliveryPlanText({ ...plan, trigger: 'http', hosts: hosts.slice(0, 2) })).toContain(
      'HTTP requests to 10.0.0.1, 10.0.0.2.',
    );
    expect(deliveryPlanText({ ...plan, trigger: 'http', hosts })).toContain('10.0.0.5 and 2 more.');
  });

  it('says what is run, or that nothing is', () => {
    expect(deliveryPlanText({ ...plan, buildCommand: 'make flash-all' })).toContain(
      'is built with the command “make flash-all”',
    );
    expect(deliveryPlanText({ ...plan, buildCommand: 'x'.repeat(5000) }).length).toBeLessThan(500);
    const unbuilt = deliveryPlanText({ ...plan, isBuilt: false, buildCommand: 'make', bumpVersion: 'always' });
    expect(unbuilt).toMatch(/nothing is built/);
    expect(unbuilt).not.toMatch(/make|raise/);
  });

  it('says when a version may be raised in the files of the project', () => {
    expect(deliveryPlanText(plan)).not.toContain('raise');
    expect(deliveryPlanText({ ...plan, bumpVersion: 'always' })).toContain('that is raised in the project’s files');
    expect(deliveryPlanText({ ...plan, bumpVersion: 'ask' })).toContain('you are asked whether to raise');
  });
});

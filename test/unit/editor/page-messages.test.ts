import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromPage, toPage } from '../../../src/editor/webview/common/messages.ts';
import { finite, flag, listOf, oneOf, optional, record, text } from '../../../src/editor/webview/common/shape.ts';
import { flashMapMessage, flashMapView } from '../../../src/editor/webview/flash-map/view.ts';

describe('a message between a page and the extension', () => {
  it('from a page is that it listens, or one of its actions', () => {
    const isMessage = fromPage('readSlots');
    expect(isMessage({ kind: 'ready' })).toBe(true);
    expect(isMessage({ kind: 'action', action: 'readSlots' })).toBe(true);
    for (const other of [
      undefined,
      null,
      'ready',
      [],
      {},
      { kind: 'Ready' },
      { kind: 'action' },
      { kind: 'action', action: 'eraseFlash' },
      { kind: 'action', action: ['readSlots'] },
    ]) {
      expect(isMessage(other), JSON.stringify(other)).toBe(false);
    }
  });

  it('to a page has a view of the agreed shape', () => {
    const shape = toPage(
      record({ name: text, size: finite, isOpen: flag, kinds: listOf(oneOf('a', 'b')), more: optional(text) }),
    );
    const view = { name: 'x', size: 1, isOpen: false, kinds: ['a'] };
    expect(shape({ kind: 'view', view })).toBe(true);
    expect(shape({ kind: 'view', view: { ...view, more: 'y' } })).toBe(true);
    for (const wrong of [
      { name: 1 },
      { size: Number.NaN },
      { isOpen: 0 },
      { kinds: ['a', 'c'] },
      { kinds: { 0: 'a', length: 1 } },
      { more: null },
    ]) {
      expect(shape({ kind: 'view', view: { ...view, ...wrong } }), JSON.stringify(wrong)).toBe(false);
    }
  });

  it('of any value is judged, never thrown at', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(typeof flashMapMessage(value)).toBe('boolean');
        expect(toPage(flashMapView)(value)).toBe(false);
      }),
    );
  });
});

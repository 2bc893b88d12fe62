import { describe, expect, it } from 'vitest';
import { Emitter } from '../../../src/base/emitter.ts';
import { ClientRouter, type RoutedBoard } from '../../../src/ota/client-router.ts';
import type { TransferEvent } from '../../../src/server/transfer-events.ts';

function request(address: string, more: { port?: number; mac?: string; status?: number } = {}): TransferEvent {
  const { port = 1, mac, status = 200 } = more;
  return {
    kind: 'requested',
    atMs: 0,
    id: 'r',
    client: { address, port },
    method: 'GET',
    path: '/x.bin',
    status,
    ...(status < 400 ? { releaseId: 'x' } : {}),
    ...(mac === undefined ? {} : { announced: { mac } }),
  };
}

/** A router with boards; says for each event which board heard it, and by what. */
function setUp(boards: Readonly<Record<string, RoutedBoard>>) {
  const server = new Emitter<TransferEvent>();
  const router = new ClientRouter(server.event);
  const heard: string[] = [];
  const strangers: string[] = [];
  const links: string[] = [];
  const routes = Object.fromEntries(
    Object.entries(boards).map(([name, board]) => {
      const route = router.add(board);
      route.onLink(({ address, by }) => links.push(`${name} ${address} ${by}`));
      route.onTransfer(() => heard.push(name));
      route.onStranger(({ client }) => strangers.push(`${name} ${client.address}`));
      return [name, route];
    }),
  );
  return { server, heard, strangers, links, routes };
}

describe('clients of the server', () => {
  it('are told apart by the boards’ own connections, though they share an address', () => {
    const own = (port: number): RoutedBoard => ({ ownsClient: (client) => client.port === port });
    const { server, heard, links } = setUp({ a: own(1), b: own(2) });
    server.fire(request('127.0.0.1', { port: 2 }));
    server.fire(request('127.0.0.1', { port: 1 }));
    server.fire(request('127.0.0.1', { port: 3 }));
    expect(heard).toEqual(['b', 'a']);
    expect(links).toEqual(['b 127.0.0.1 connection', 'a 127.0.0.1 connection']);
  });

  it('are known by the address that the console printed, before or during the update', () => {
    const { server, heard, links, routes } = setUp({ a: { address: '192.168.1.7' }, b: {} });
    routes['b']?.learnAddress('192.168.1.8');
    server.fire(request('192.168.1.8'));
    server.fire(request('::ffff:192.168.1.7'));
    server.fire(request('192.168.1.9'));
    expect(heard).toEqual(['b', 'a']);
    expect(links).toEqual(['b 192.168.1.8 address', 'a 192.168.1.7 address']);
  });

  it('are known by the MAC address they announce, and by their address from then on', () => {
    const { server, heard, links } = setUp({ a: { mac: '24:0a:c4:00:00:01' }, b: { mac: '24:0a:c4:00:00:02' } });
    server.fire(request('10.0.0.2', { mac: '24:0a:c4:00:00:02' }));
    server.fire(request('10.0.0.2'));
    server.fire(request('10.0.0.9', { mac: '24:0a:c4:00:00:09' }));
    expect(heard).toEqual(['b', 'b']);
    expect(links).toEqual(['b 10.0.0.2 mac']);
  });

  it('are guessed when only one board can be meant, and never when two can', () => {
    const one = setUp({ a: {} });
    one.server.fire(request('10.0.0.2'));
    one.server.fire(request('10.0.0.3'));
    expect(one.heard).toEqual(['a']);
    expect(one.links).toEqual(['a 10.0.0.2 onlyCandidate']);
    const two = setUp({ a: {}, b: {} });
    two.server.fire(request('10.0.0.2'));
    expect(two.heard).toEqual([]);
  });

  it('a guess that the console proves is no guess any more', () => {
    const { server, links, routes } = setUp({ a: {} });
    server.fire(request('10.0.0.2'));
    routes['a']?.learnAddress('10.0.0.2');
    expect(links).toEqual(['a 10.0.0.2 onlyCandidate', 'a 10.0.0.2 address']);
  });

  it('somebody who got nothing does not take the place of the board', () => {
    const { server, heard, strangers, links } = setUp({ a: {} });
    server.fire(request('10.0.0.2', { status: 404 }));
    server.fire({ kind: 'refused', atMs: 0, client: { address: '8.8.8.8', port: 1 }, reason: 'publicAddress' });
    expect([heard, links]).toEqual([[], []]);
    expect(strangers).toEqual(['a 10.0.0.2', 'a 8.8.8.8']);
    server.fire(request('10.0.0.3'));
    server.fire(request('10.0.0.3', { status: 404 }));
    server.fire(request('10.0.0.2', { status: 404 }));
    expect(links).toEqual(['a 10.0.0.3 onlyCandidate']);
    expect(heard).toEqual(['a', 'a']);
  });

  it('a board that is through is not taken for the next one', () => {
    const { server, heard, routes } = setUp({ a: { address: '10.0.0.2' }, b: {} });
    routes['a']?.dispose();
    server.fire(request('10.0.0.2'));
    expect(heard).toEqual([]);
    server.fire(request('10.0.0.3'));
    expect(heard).toEqual(['b']);
  });
});

import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a board that serves RFC 2217, which can be broken. */
export interface Cable {
  readonly address: string;
  /** The next one that connects finds nobody. */
  readonly failNext: () => void;
  /** For good. */
  readonly pull: () => void;
}

/** @param remote where the board serves */
export async function cableTo(remote: string): Promise<Cable> {
  const board = new URL(remote);
  const sockets = new Set<Socket>();
  let failing = 0;
  const server = createServer((near) => {
    if (failing > 0) {
      failing -= 1;
      near.destroy();
      return;
    }
    const far = connect(Number(board.port), board.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `rfc2217://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failNext: () => {
      failing += 1;
    },
    pull: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

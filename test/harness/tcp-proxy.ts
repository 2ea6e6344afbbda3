import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How a connection through the proxy fares. `cut`: open ones are reset, and so is each new one. `silent`: they are accepted
 * and nothing passes, in either direction. `unanswered`: requests arrive, and the connection is reset in place of the answer.
 * A number: each piece of at most 64 KiB arrives this many milliseconds late.
 */
export type LinkState = 'open' | 'cut' | 'silent' | 'unanswered' | number;

export interface TcpProxy extends AsyncDisposable {
  /** Of the loopback interface. */
  port: number;
  /** Applies to open connections too. Pieces that were held back are delivered once the state is no longer `silent`. */
  set(state: LinkState): void;
}

/** Passes connections on to a server on this machine, until it is told to disturb them. */
export async function startTcpProxy(target: { port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let state: LinkState = 'open';
  let flowing = Promise.withResolvers<void>();
  flowing.resolve();

  const pump = async (from: Socket, to: Socket, isAnswer: boolean) => {
    try {
      for await (const piece of from.iterator({ destroyOnReturn: false })) {
        await flowing.promise;
        if (isAnswer && state === 'unanswered') {
          to.resetAndDestroy();
          from.destroy();
          return;
        }
        if (typeof state === 'number') await sleep(state);
        if (!to.write(piece)) await once(to, 'drain');
      }
      to.end();
    } catch {
      from.destroy();
      to.destroy();
    }
  };
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };

  // A side that has said all may still listen.
  const server = createServer({ allowHalfOpen: true }, async (incoming) => {
    const client = keep(incoming);
    if (state === 'cut') {
      client.resetAndDestroy();
      return;
    }
    await flowing.promise;
    if (client.destroyed) return;
    const upstream = keep(connect({ host: '127.0.0.1', port: target.port, allowHalfOpen: true }));
    // Only after an error: a side that has closed in order may still have pieces on their way to the other.
    upstream.once('error', () => client.destroy());
    client.once('error', () => upstream.destroy());
    void pump(client, upstream, false);
    void pump(upstream, client, true);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const cutAll = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      state = next;
      if (next === 'silent') {
        flowing = Promise.withResolvers();
        return;
      }
      if (next === 'cut') cutAll();
      flowing.resolve();
    },
    async [Symbol.asyncDispose]() {
      flowing.resolve();
      cutAll();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

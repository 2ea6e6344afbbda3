import type { ProgressMessage, ProgressReader } from './progress-reader.ts';

/** What a reader needs of a WebSocket. */
export interface EventSocket {
  readonly bufferedAmount: number;
  send(text: Uint8Array, options: { binary: boolean }): void;
  ping(): void;
  close(code: number, reason: string): void;
  terminate(): void;
}

export interface SocketHandlers {
  onOpen(socket: EventSocket): void;
  /** Called when the connection closes, even if the handshake fails. */
  onClose(): void;
}

/** Close codes (RFC 6455, 7.4 and its registry). */
const NORMAL = 1000;
const RESTARTING = 1012;

/** Sends what it is told, from the moment that the socket is open; until then it waits here. */
export function createSocketReader({ maxQueuedBytes }: { maxQueuedBytes: number }) {
  let socket: EventSocket | undefined;
  let leave = () => {};
  let isOver = false;
  let early: Array<(socket: EventSocket) => void> = [];
  const say = (action: (socket: EventSocket) => void) => (socket ? action(socket) : early.push(action));

  const reader: ProgressReader = {
    send({ json }: ProgressMessage) {
      if (isOver) return;
      say((to) => {
        if (!json) {
          to.ping();
        } else if (to.bufferedAmount > maxQueuedBytes) {
          // It comes back with `since` and misses nothing.
          isOver = true;
          leave();
          to.terminate();
        } else {
          to.send(json, { binary: false });
        }
      });
    },
    end(outcome) {
      if (isOver) return;
      isOver = true;
      leave();
      say((to) =>
        outcome ? to.close(NORMAL, 'The task has ended') : to.close(RESTARTING, 'Come back with ?since='),
      );
    },
  };
  return {
    reader,
    open(opened: EventSocket) {
      socket = opened;
      for (const action of early) action(opened);
      early = [];
    },
    /** The other side has left. */
    close() {
      isOver = true;
      leave();
    },
    onLeave(action: () => void) {
      leave = action;
      if (isOver) action();
    },
  };
}

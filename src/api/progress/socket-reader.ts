import type { ProgressMessage, ProgressReader } from './progress-reader.ts';

/** The part of a WebSocket that a reader uses. */
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

/** A reader that queues messages until its socket is open, then sends them. */
export function createSocketReader({ maxQueuedBytes }: { maxQueuedBytes: number }) {
  let socket: EventSocket | undefined;
  let leave = () => {};
  let isOver = false;
  let early: Array<(socket: EventSocket) => void> = [];
  const whenOpen = (action: (socket: EventSocket) => void) => (socket ? action(socket) : early.push(action));

  const reader: ProgressReader = {
    send({ json }: ProgressMessage) {
      if (isOver) return;
      whenOpen((to) => {
        if (!json) {
          to.ping();
        } else if (to.bufferedAmount > maxQueuedBytes) {
          // It reconnects with `since` and misses nothing.
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
      whenOpen((to) =>
        outcome ? to.close(NORMAL, 'The task has ended') : to.close(RESTARTING, 'Reconnect with ?since='),
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
    /** Called when the connection closes. */
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

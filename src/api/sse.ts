/**
 * Frames of an event stream (HTML Living Standard, "Server-sent events"). Stage events carry no `event:` line, so that
 * `EventSource.onmessage` gets them and nothing else; all others are named.
 */
const encoder = new TextEncoder();

export interface SseFrame {
  /** Goes back as `Last-Event-ID` when the client reconnects. */
  id?: number;
  /** The event's type; without it clients see `message`. */
  event?: string;
  data: unknown;
}

export function encodeFrame({ id, event, data }: SseFrame): Uint8Array {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    // JSON holds no line break, so that one `data:` line is enough.
    `data: ${JSON.stringify(data)}`,
  ];
  return encoder.encode(`${lines.join('\n')}\n\n`);
}

/** Keeps proxies from closing a silent connection; clients ignore it. */
export const COMMENT = encoder.encode(': still here\n\n');

/** Milliseconds after which a client that lost its connection comes back. */
export const RETRY = encoder.encode('retry: 1000\n\n');

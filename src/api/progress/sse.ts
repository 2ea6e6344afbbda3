import type { ProgressMessage } from './progress-reader.ts';

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

/** An event, encoded once for all who read it. */
export function encodeFrame({ id, event, data }: SseFrame): Pick<ProgressMessage, 'bytes' | 'json'> {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
  ];
  const head = `${lines.map((line) => `${line}\n`).join('')}data: `;
  // JSON holds no line break, so that one `data:` line is enough.
  const bytes = encoder.encode(`${head}${JSON.stringify(data)}\n\n`);
  return { bytes, json: bytes.subarray(head.length, -2) };
}

/** Keeps proxies from closing a silent connection; clients ignore it. */
export const COMMENT = encoder.encode(': still here\n\n');

/** Milliseconds after which a client that lost its connection comes back. */
export const RETRY = encoder.encode('retry: 1000\n\n');

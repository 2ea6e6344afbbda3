import type { ProgressMessage } from './progress-reader.ts';

/**
 * Frames of an event stream (HTML Living Standard, "Server-sent events"). Stage events have no `event:` line, so
 * `EventSource.onmessage` gets exactly those; all other events have a name.
 */
const encoder = new TextEncoder();

export interface SseFrame {
  /** The client sends it back as `Last-Event-ID` when it reconnects. */
  id?: number;
  /** The event's type. Default: `message`. */
  event?: string;
  data: unknown;
}

/** Encodes an event once for all readers. */
export function encodeFrame({ id, event, data }: SseFrame): Pick<ProgressMessage, 'bytes' | 'json'> {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
  ];
  const head = `${lines.map((line) => `${line}\n`).join('')}data: `;
  // JSON has no raw line breaks, so one `data:` line is enough.
  const bytes = encoder.encode(`${head}${JSON.stringify(data)}\n\n`);
  return { bytes, json: bytes.subarray(head.length, -2) };
}

/** Keeps proxies from closing an idle connection. Clients ignore it. */
export const COMMENT = encoder.encode(': still here\n\n');

/** Milliseconds until a client reconnects after a lost connection. */
export const RETRY = encoder.encode('retry: 1000\n\n');

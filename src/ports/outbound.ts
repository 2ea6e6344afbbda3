import type { Readable } from 'node:stream';

export interface OutboundRequest {
  method?: 'GET' | 'POST';
  headers?: Record<string, string>;
  body?: string;
  /** Redirects to follow, each checked like the first address. Default: none. */
  maxRedirects?: number;
  signal: AbortSignal;
}

export interface OutboundAnswer {
  statusCode: number;
  headers: Record<string, string | string[] | undefined>;
  /** Holds its connection until it is read to the end, dumped or destroyed. */
  body: Readable & {
    /** Reads and drops the rest, at most `limit` bytes of it. */
    dump(options: { limit: number; signal: AbortSignal }): Promise<void>;
  };
}

/** Requests to URLs that users provide. */
export interface Outbound extends AsyncDisposable {
  /**
   * One request, without retries. Rejects with URL_FORBIDDEN, before any connection, if the URL or a redirect leads
   * outside the internet and the allowed networks. Rejects with URL_UNREACHABLE if no answer comes.
   */
  request(url: string, options: OutboundRequest): Promise<OutboundAnswer>;
  /** Checks only what the host name resolves to now, without a request. Rejects like `request`. */
  check(url: string): Promise<void>;
}

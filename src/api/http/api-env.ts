import type { HttpBindings } from '@hono/node-server';
import type { RequestIdVariables } from 'hono/request-id';
import type { Caller } from '../access/caller.ts';
import type { SocketHandlers } from '../progress/socket-reader.ts';

/** The Hono context of every handler. */
export interface ApiEnv {
  /** Absent if the app is called without a server, as tests do. */
  Bindings: Partial<HttpBindings> & {
    /** Present if the request is a WebSocket handshake. */
    acceptSocket?: (handlers: SocketHandlers) => void;
  };
  Variables: RequestIdVariables & {
    /** The task that the request is about, once known. Problem documents include it. */
    taskId?: string;
    /** Set on every route that is not public. */
    caller?: Caller;
    /**
     * The client that limits count: `key/acme`, `link/acme` for the links that this key signed, or `address/203.0.113.7`.
     * Absent for the user of a local server without keys, who has no limits.
     */
    client?: string;
  };
}

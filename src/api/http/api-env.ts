import type { HttpBindings } from '@hono/node-server';
import type { RequestIdVariables } from 'hono/request-id';
import type { Caller } from '../access/caller.ts';
import type { SocketHandlers } from '../progress/socket-reader.ts';

/** What handlers find in their context. */
export interface ApiEnv {
  /** Absent where the app is called without a server, as tests do. */
  Bindings: Partial<HttpBindings> & {
    /** There where the request asks for a WebSocket. */
    acceptSocket?: (handlers: SocketHandlers) => void;
  };
  Variables: RequestIdVariables & {
    /** The task that the request is about, once it is known. Problem documents name it. */
    taskId?: string;
    /** Set on every route that is not public. */
    caller?: Caller;
  };
}

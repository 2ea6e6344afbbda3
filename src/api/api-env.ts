import type { HttpBindings } from '@hono/node-server';
import type { RequestIdVariables } from 'hono/request-id';

/** What handlers find in their context. */
export interface ApiEnv {
  /** Absent where the app is called without a server, as tests do. */
  Bindings: Partial<HttpBindings>;
  Variables: RequestIdVariables & {
    /** The task that the request is about, once it is known. Problem documents name it. */
    taskId?: string;
  };
}

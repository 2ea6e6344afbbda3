import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Account } from './account.ts';
import type { Call, Fault } from './faults.ts';

export interface EmulatorEnv {
  Bindings: HttpBindings;
}

const GATEWAY_PAGE = '<html><body><h1>Bad gateway</h1></body></html>';

/** Answers a call, with the next fault of the account's plan if it has one. */
export async function injectFault(
  c: Context<EmulatorEnv>,
  account: Account,
  call: Call,
  work: (fault: Fault | undefined) => Promise<Response>,
): Promise<Response> {
  const fault = account.options.faults(call);
  const note = (response: Response) => {
    account.note(call, response.status);
    return response;
  };
  switch (fault?.kind) {
    case 'answer': {
      const worked = fault.after ? await work(fault) : undefined;
      if (worked && !worked.ok) {
        return note(worked);
      }
      const headers =
        fault.retryAfterS === undefined ? undefined : { 'Retry-After': String(fault.retryAfterS) };
      const body = { kind: fault.error, description: 'a fault of the emulator' };
      return note(c.json(body, fault.status as ContentfulStatusCode, headers));
    }
    case 'reset':
      if (fault.after) {
        await work(fault);
      }
      account.note(call, 'cut');
      c.env.incoming.socket.destroy();
      return new Promise(() => {});
    case 'stall': {
      const response = await work(fault);
      await sleep(fault.ms);
      return note(response);
    }
    case 'garbage':
      await work(fault);
      return note(c.html(GATEWAY_PAGE));
    default:
      return note(await work(fault));
  }
}

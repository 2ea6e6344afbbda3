import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Account } from './account.ts';
import { toErrorBody } from './emulator-error.ts';
import type { Call, Fault } from './faults.ts';
import { toS3Error } from './signed-urls.ts';

export interface EmulatorEnv {
  Bindings: HttpBindings;
}

const XML = { 'Content-Type': 'application/xml' };
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
      const status = fault.status as ContentfulStatusCode;
      if (call === 'download') {
        const { error: code = 'InternalError', description: message = 'a fault of the emulator' } = fault;
        return note(c.body(toS3Error({ code, message }), status, { ...headers, ...XML }));
      }
      return note(c.json(toErrorBody(fault), status, headers));
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

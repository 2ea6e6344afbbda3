import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { Account, Talk } from './account.ts';
import { toTalkAnswer } from './talk-answer.ts';

export interface WebhookOptions {
  /** Real address of a webhook: D-ID calls https only, which a program under test may not have. */
  rewrite: (url: string) => string;
}

/** Sends each change once, unless the fault plan says otherwise, and does not wait for the answer. */
export class Webhooks {
  readonly #options: WebhookOptions;
  /** Bodies by talk, held back until the next webhook is sent. */
  readonly #heldBack = new Map<string, unknown>();

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  send(account: Account, talk: Talk): void {
    if (talk.webhook === undefined) {
      return;
    }
    const url = this.#options.rewrite(talk.webhook);
    const body = toTalkAnswer(account, talk, 'user_data');
    const fault = account.options.faults('webhook');
    switch (fault?.kind) {
      case 'lost':
        return;
      case 'doubled':
        void post(url, body);
        break;
      case 'late':
        void sleep(fault.ms, undefined, { ref: false }).then(() => post(url, body));
        return;
      case 'out of order':
        this.#heldBack.set(talk.id, body);
        return;
    }
    void post(url, body).then(() => {
      const earlier = this.#heldBack.get(talk.id);
      this.#heldBack.delete(talk.id);
      return earlier && post(url, earlier);
    });
  }
}

async function post(url: string, body: unknown): Promise<void> {
  try {
    const answer = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    await answer.body.dump();
  } catch {
    // D-ID does not retry either.
  }
}

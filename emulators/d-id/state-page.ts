import { html } from 'hono/html';
import type { Account } from './account.ts';
import { mostInFlight } from './most-in-flight.ts';

const MAX_ROWS = 100;

/** Everything that the emulator stores, on a page that reloads itself. */
export function statePage(accounts: Iterable<Account>) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="refresh" content="2" />
        <title>D-ID emulator</title>
        <style>
          body { font: 15px system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #222; }
          table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 2rem; }
          th, td { text-align: left; padding: 0.3rem 0.6rem; border-bottom: 1px solid #ddd; }
          code { font-size: 13px; }
        </style>
      </head>
      <body>
        <h1>D-ID emulator</h1>
        ${[...accounts].map(accountSection)}
      </body>
    </html>`;
}

function accountSection(account: Account) {
  const { ledger, talks, images, audios, calls, credits } = account;
  return html`<section>
    <p>Credits left: ${credits}. Talks paid: ${ledger.length}, at most ${mostInFlight(ledger)} at a time.
      Images stored: ${images.size}, audios: ${audios.size}.</p>
    ${table(
      'Talks',
      ['talk', 'user_data', 'voice', 'status', 'created'],
      [...talks.values()].map((talk) => [
        talk.id,
        talk.userData ?? '',
        `${talk.voiceS.toFixed(1)} s`,
        talk.error ? `${talk.status} (${talk.error.kind})` : talk.status,
        talk.createdAt.toISOString(),
      ]),
    )}
    ${table(
      'Ledger',
      ['talk', 'user_data', 'seconds', 'credits', 'paid', 'ended', 'refunded'],
      ledger.map((entry) => [
        entry.talkId,
        entry.userData ?? '',
        entry.seconds.toFixed(1),
        String(entry.credits),
        entry.at.toISOString(),
        entry.endedAt?.toISOString() ?? '',
        entry.refundedAt?.toISOString() ?? '',
      ]),
    )}
    ${table(
      'Calls',
      ['call', 'status', 'at'],
      calls.map(({ call, status, at }) => [call, String(status), at.toISOString()]),
    )}
  </section>`;
}

function table(title: string, heads: string[], rows: string[][]) {
  return html`<h2>${title}</h2>
    <table>
      <thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead>
      <tbody>
        ${rows
          .slice(-MAX_ROWS)
          .reverse()
          .map((row) => html`<tr>${row.map((cell) => html`<td><code>${cell}</code></td>`)}</tr>`)}
      </tbody>
    </table>`;
}

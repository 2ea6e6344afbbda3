import { expect, it } from 'vitest';
import { openTestNamespace } from '../harness/temporal-server.ts';
import { fuzzHttp } from './fuzz-http.ts';

/** In CI, as many as take about a minute of CPU on two busy cores. */
const REQUESTS = process.env.CI ? 20_000 : 5_000;
/** The longest that one request may keep the event loop busy. */
const MAX_TURN_MS = 50;

it(`${REQUESTS} hostile requests are answered, keep the event loop free, and leave nothing behind`, {
  timeout: 600_000,
}, async () => {
  await using server = await openTestNamespace();

  const report = await fuzzHttp({ server, count: REQUESTS, seed: 20_261_201 });

  expect(report.requests).toBe(REQUESTS);
  expect(report.longestTurnMs).toBeLessThan(MAX_TURN_MS);
  expect(report).toMatchObject({ readers: 0, scratch: [], taskStatus: 200 });
  // They reach all of the server, not only its parser.
  const seen = Object.keys(report.answers);
  expect(seen).toEqual(expect.arrayContaining(['101', '200', '400', '401', '404', '415', '422']));
});

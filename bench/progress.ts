import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { StageEvent } from '../src/contracts/schemas/stage-event.ts';
import { startTestApi } from '../test/harness/api/test-api.ts';
import { type Activities, happyActivities } from '../test/harness/happy-activities.ts';
import { createHarness } from '../test/harness/pipeline-harness.ts';
import { startTestServer } from '../test/harness/temporal-server.ts';
import { type Bench, percentile } from './bench.ts';

const JOBS = 25;
/** Duration of the slow stages, so that their ends are separate changes. */
const STAGE_MS = 60;

export const progress: Bench = {
  name: 'progress',
  title: `from a stage change in the workflow to the reader of its server-sent event, ${JOBS} jobs`,
  async run() {
    await using server = await startTestServer();
    await using harness = await createHarness(server);
    await using api = await startTestApi(server.client);
    const toEventsUrl = (workflowId: string) =>
      `${api.url}/api/pipeline/progress/${workflowId.split('/')[1]}/events`;
    const delays: number[] = [];
    // The first job includes the start of the workflow sandbox and of the query that reads it.
    await harness.run({}, { during: ({ handle }) => readDelays(toEventsUrl(handle.workflowId)) });
    for (let index = 0; index < JOBS; index += 1) {
      await harness.run(slowStages(), {
        during: async ({ handle }) => {
          delays.push(...(await readDelays(toEventsUrl(handle.workflowId))));
        },
      });
    }
    return [
      { what: 'stage change to reader, p50', value: percentile(delays, 0.5), unit: 'ms', atMost: 50 },
      { what: 'stage change to reader, p99', value: percentile(delays, 0.99), unit: 'ms', atMost: 150 },
      { what: 'stage changes measured', value: delays.length, unit: 'events' },
    ];
  },
};

/** Slows down only the activities of the stages. Writing the record before the last event is part of the delay. */
function slowStages(): Partial<Activities> {
  const { recordTask: _, discard: __, ...stages } = happyActivities();
  const slow = Object.entries(stages).map(([name, activity]) => [
    name,
    async (argument: never) => {
      await sleep(STAGE_MS);
      return activity(argument);
    },
  ]);
  return Object.fromEntries(slow);
}

/** Milliseconds from the time of each event to its arrival. Events before the reader connected do not count. */
async function readDelays(url: string): Promise<number[]> {
  const openedAt = Date.now();
  const response = await fetch(url);
  const delays: number[] = [];
  const messages = response
    .body!.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { id, data } of messages) {
    const arrivedAt = Date.now();
    if (id === undefined) continue;
    const changedAt = Date.parse((JSON.parse(data) as StageEvent).timestamp);
    if (changedAt > openedAt) delays.push(arrivedAt - changedAt);
  }
  return delays;
}

/**
 * `node test/replay/record-histories.ts`: runs jobs that end in each way on a real server, with activities that answer at
 * once, and writes their histories. For a release: add its histories under names of their own.
 */
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Context, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import { startTestServer } from '../temporal-server.ts';
import { createHarness, type PipelineRun } from '../workflows/pipeline-harness.ts';

const beatForEver = async (): Promise<never> => {
  for (;;) {
    heartbeat();
    await Context.current().sleep(50);
  }
};

await using server = await startTestServer();
await using harness = await createHarness(server);
const runs: Record<string, PipelineRun> = {
  completed: await harness.run({}),
  'nobody-found': await harness.run({
    detectPersons: async () => ({ widthPx: 1, heightPx: 1, persons: [], timingsMs: {} }),
  }),
  'failed-three-times': await harness.run({
    async renderTalk() {
      throw ApplicationFailure.create({ type: 'SLOT_CRASHED', message: 'A slot crashed' });
    },
  }),
  cancelled: await harness.run(
    { renderTalk: beatForEver },
    {
      async during({ handle, calls }) {
        while (!calls.includes('renderTalk')) await sleep(20);
        await handle.cancel();
      },
    },
  ),
  'deadline-exceeded': await harness.run({ renderTalk: beatForEver }, { job: { deadlineS: 2 } }),
};
const { History } = proto.temporal.api.history.v1;
for (const [name, { handle }] of Object.entries(runs)) {
  const history = await handle.fetchHistory();
  forgetMachine(history);
  const bytes = History.encode(history).finish();
  await writeFile(join(import.meta.dirname, 'histories', `${name}.pb`), bytes);
}

/** Host names, process ids and paths are nobody's business, and replay does not look at them. */
function forgetMachine(part: unknown): void {
  if (typeof part !== 'object' || part === null || ArrayBuffer.isView(part)) return;
  for (const [key, value] of Object.entries(part)) {
    if (typeof value === 'string') {
      Object.assign(part, { [key]: key === 'stackTrace' ? '' : value.replaceAll(hostname(), 'host') });
    } else {
      forgetMachine(value);
    }
  }
}

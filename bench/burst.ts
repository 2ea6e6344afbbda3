import { createHarness } from '../test/harness/pipeline-harness.ts';
import { startTestServer } from '../test/harness/temporal-server.ts';
import type { Bench } from './bench.ts';

const JOBS = 100;

export const burst: Bench = {
  name: 'burst',
  title: `${JOBS} jobs submitted at once, all stages answering at once`,
  async run() {
    await using server = await startTestServer();
    await using harness = await createHarness(server);
    await harness.run({});
    const start = performance.now();
    const runs = await Promise.all(Array.from({ length: JOBS }, () => harness.run({})));
    const seconds = (performance.now() - start) / 1000;
    const completed = runs.filter(({ outcome }) => outcome.status === 'fulfilled').length;
    return [
      { what: 'jobs that ended in a video', value: completed, unit: 'jobs', atLeast: JOBS },
      { what: 'throughput', value: Math.round((completed / seconds) * 3600), unit: 'jobs/h' },
    ];
  },
};

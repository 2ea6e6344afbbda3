import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toWorkflowId } from '../src/contracts/messages.ts';
import type { JobResult } from '../src/contracts/schemas/job-outcome.ts';
import { mediaDir, modelsDir } from '../test/harness/shared-media.ts';
import { startWorkerStack, type WorkerStack } from '../test/harness/stack/worker-stack.ts';
import type { Bench, Row } from './bench.ts';

export const stages: Bench = {
  name: 'stages',
  title: 'time and memory of each stage of one job: obama.jpg (910 x 1137) with jfk.wav (11 s)',
  unavailable: () =>
    modelsDir && mediaDir ? undefined : 'set MODELS_DIR and MEDIA_DIR to real models, photos and recordings',
  async run() {
    await using stack = await startWorkerStack();
    // The first job includes reading pages for the first time.
    await runJob(stack);
    const result = await runJob(stack);
    return [
      { what: 'the whole job', value: result.execution_time_ms / 1000, unit: 's', atMost: 20 },
      {
        what: 'video seconds / job seconds',
        value: result.metadata.video.duration_s / (result.execution_time_ms / 1000),
        unit: '',
      },
      ...Object.entries(result.metadata.timings_ms)
        .filter(([, value]) => value >= 1)
        .map(([stage, value]) => ({ what: stage, value, unit: 'ms' })),
      ...peakMemory(stack),
    ];
  },
};

async function runJob(stack: WorkerStack): Promise<JobResult> {
  const job = await stack.submit(
    join(mediaDir ?? '', 'people/obama.jpg'),
    join(mediaDir ?? '', 'audio/jfk.wav'),
  );
  return stack.server.client.workflow.getHandle(toWorkflowId(job.taskId)).result() as Promise<JobResult>;
}

/** Peak resident memory of each slot's process, from Linux. */
function peakMemory({ io, gpu }: WorkerStack): Row[] {
  return Object.entries({ ...io.slots, ...gpu.slots }).flatMap(([queue, pool]) =>
    pool.snapshot().flatMap(({ pid }, index) => {
      const status = pid === undefined ? '' : readFileSync(`/proc/${pid}/status`, 'utf8');
      const peakKb = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
      return peakKb
        ? [{ what: `slot ${queue} ${index + 1}, peak memory`, value: Number(peakKb) / 1024, unit: 'MB' }]
        : [];
    }),
  );
}

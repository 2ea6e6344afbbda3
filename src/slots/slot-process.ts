/** Entry point of a slot's child process: `node slot-process.ts NAME TASK_MODULE CONFIG_JSON`. */
import process from 'node:process';
import { isDiskFull, PipelineError, storageFull } from '../errors.ts';
import type { SlotTask } from '../ports/slot-task.ts';
import type { FromSlot, SlotError, SlotResult, SlotVitals, ToSlot } from './slot-protocol.ts';

const [name, module, config] = process.argv.slice(2) as [string, string, string];
process.title = `limelight ${name}`;

// Ctrl-C and service managers signal the whole process group, but only the parent decides when a run ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
// The channel closes when the parent dies. A run that blocks this thread finishes first; its result is lost.
process.on('disconnect', () => process.exit());

const send = (message: FromSlot) => {
  if (process.connected) {
    process.send?.(message);
  }
};

const toSlotError = (thrown: unknown): SlotError => {
  // Decoders report every failure as a damaged file, including a full disk.
  const error = isDiskFull(thrown) ? storageFull(thrown) : thrown;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return {
    message,
    ...(stack !== undefined && { stack }),
    ...(error instanceof PipelineError && { code: error.code }),
    ...(error instanceof PipelineError && error.details && { details: error.details }),
  };
};

const cpuSeconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1e6;

const toVitals = ({ degraded = false }: SlotTask): SlotVitals => ({
  memoryMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
  cpuS: cpuSeconds(process.cpuUsage()),
  degraded,
});

try {
  const { createTask } = (await import(module)) as { createTask(config: unknown): Promise<SlotTask> };
  const task = await createTask(JSON.parse(config));
  const facts = await task.selfTest();

  process.on('message', async ({ id, inputs }: ToSlot) => {
    const run = async (input: unknown, at: number): Promise<SlotResult> => {
      try {
        return { result: await task.run(input, (progress) => send({ type: 'progress', id, at, progress })) };
      } catch (error) {
        return { error: toSlotError(error) };
      }
    };
    send({ type: 'results', id, results: await Promise.all(inputs.map(run)), vitals: toVitals(task) });
  });
  send({ type: 'ready', facts, vitals: toVitals(task) });
} catch (error) {
  send({ type: 'refused', error: toSlotError(error) });
  process.disconnect();
}

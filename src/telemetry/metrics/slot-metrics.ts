import { Counter, Gauge } from 'prom-client';
import type { SlotPool, SlotSnapshot } from '../../ports/slot-task.ts';
import type { Metrics } from './metrics.ts';

export type Pools = Record<string, Pick<SlotPool<never, unknown>, 'snapshot'>>;

const STATES: SlotSnapshot['state'][] = ['starting', 'idle', 'busy'];

/** The state of this worker's child processes, read from their pools with each scrape. */
export function addSlotMetrics({ registry, beforeScrape }: Metrics, pools: Pools): void {
  const registers = [registry];
  const labelNames = ['pool', 'slot'] as const;
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers });
  const slots = new Gauge({
    name: 'limelight_slots',
    help: 'Child processes by state',
    labelNames: ['pool', 'state'],
    registers,
  });
  const memory = new Gauge({
    name: 'limelight_slot_memory_bytes',
    help: 'Resident memory of a slot, as of its last run',
    labelNames,
    registers,
  });
  const info = new Gauge({
    name: 'limelight_slot_info',
    help: 'Model of a slot and its execution provider; always 1',
    labelNames: [...labelNames, 'model', 'execution_provider'],
    registers,
  });
  const busy = counter('limelight_slot_busy_seconds_total', 'Time that a slot was busy');
  const runs = counter('limelight_slot_runs_total', 'Runs started');
  const restarts = counter(
    'limelight_slot_restarts_total',
    'Processes started to replace one that died, was killed or did not start',
  );
  const recycled = counter(
    'limelight_slot_recycled_total',
    'Processes replaced between two runs because of their age or memory',
  );

  beforeScrape(() => {
    for (const gauge of [slots, memory, info]) {
      gauge.reset();
    }
    for (const [pool, { snapshot }] of Object.entries(pools)) {
      const snapshots = snapshot();
      for (const state of STATES) {
        slots.set({ pool, state }, snapshots.filter((slot) => slot.state === state).length);
      }
      for (const [slot, { facts, ...now }] of snapshots.entries()) {
        const labels = { pool, slot };
        memory.set(labels, (now.memoryMb ?? 0) * 2 ** 20);
        info.set(
          {
            ...labels,
            model: String(facts.model ?? 'none'),
            execution_provider: String(facts.provider ?? 'none'),
          },
          1,
        );
        setCounter(busy, labels, now.busyMs / 1000);
        setCounter(runs, labels, now.runs);
        setCounter(restarts, labels, now.restarts);
        setCounter(recycled, labels, now.recycled);
      }
    }
  });
}

/** Sets a counter to a total that is kept elsewhere. A smaller total than before looks like the restart that it is. */
function setCounter<L extends string>(
  counter: Counter<L>,
  labels: Partial<Record<L, string | number>>,
  total: number,
): void {
  counter.remove(labels);
  counter.inc(labels, total);
}

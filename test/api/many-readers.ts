import { setTimeout as sleep } from 'node:timers/promises';
import { createLimelightClient } from '../../src/client/limelight-client.ts';
import type { StageEvent } from '../../src/contracts/schemas/stage-event.ts';
import { isTerminal } from '../../src/contracts/stages.ts';
import { seededRandom } from '../../src/providers/local/motion/seeded-random.ts';
import { readMessages, stageEvents } from '../harness/api/event-reader.ts';

export interface ManyReaders {
  url: string;
  taskIds: string[];
  /** Spread over the tasks. */
  readers: number;
  /** How often each is cut off at a random event, and resumes. */
  cuts: number;
  seed: number;
}

export interface ReadersReport {
  /** What was wrong with what a reader got, in words. */
  faults: string[];
  /** Milliseconds from each event's own time to the reader who was there then. */
  delaysMs: number[];
  resumed: number;
}

/** Follows tasks by many readers at once, cut off and back again, and says which of them did not get every event once. */
export async function readByMany({ url, taskIds, readers, cuts, seed }: ManyReaders): Promise<ReadersReport> {
  const random = seededRandom(String(seed));
  const report: ReadersReport = { faults: [], delaysMs: [], resumed: 0 };
  const plans = Array.from({ length: readers }, (_, index) => ({
    taskId: taskIds[index % taskIds.length]!,
    // How many events to take before each cut.
    takes: Array.from({ length: cuts }, () => 1 + Math.floor(random() * 2)),
    pausesMs: Array.from({ length: cuts }, () => random() * 300),
  }));
  await Promise.all(
    plans.map(async ({ taskId, takes, pausesMs }) => {
      const seen: StageEvent[] = [];
      for (let cut = 0; !isOver(seen); cut += 1) {
        const answer = await open(`${url}/api/pipeline/progress/${taskId}/events`, seen.at(-1)?.seq ?? 0);
        const openedAt = Date.now();
        if (answer.status === 204) break;
        const take = takes[cut] ?? Number.POSITIVE_INFINITY;
        const got = stageEvents(
          await readMessages(answer, (messages) => {
            const latest = messages.at(-1)!;
            if (latest.event === undefined) {
              const event = latest.data as unknown as StageEvent;
              const changedAt = Date.parse(event.timestamp);
              if (changedAt > openedAt) report.delaysMs.push(Date.now() - changedAt);
            }
            return stageEvents(messages).length >= take;
          }),
        );
        seen.push(...got);
        if (cut > 0) report.resumed += 1;
        if (!isOver(seen)) await sleep(pausesMs[cut] ?? 0);
      }
      const wrong = seen.findIndex(({ seq }, index) => seq !== index + 1);
      if (wrong >= 0 || !isOver(seen)) {
        report.faults.push(`${taskId}: ${seen.map(({ seq }) => seq).join(' ')}`);
      }
    }),
  );
  return report;
}

const CONNECT_ATTEMPTS = 20;
const CONNECT_AGAIN_MS = 250;

/** A thousand at once may find the kernel's queue of connections full: they come again, as an `EventSource` does. */
async function open(url: string, lastEventId: number): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetch(url, { headers: { 'Last-Event-ID': String(lastEventId) } });
    } catch (error) {
      if (attempt === CONNECT_ATTEMPTS) throw error;
      await sleep(CONNECT_AGAIN_MS);
    }
  }
}

function isOver(seen: StageEvent[]): boolean {
  const last = seen.at(-1);
  return last !== undefined && isTerminal(last.data.stage);
}

/** Submits tasks that go on by themselves. */
export async function submitMany(
  url: string,
  count: number,
  media: { image: Blob; audio: Blob },
): Promise<string[]> {
  const client = createLimelightClient({ baseUrl: url });
  const accepted = await Promise.all(
    Array.from({ length: count }, () => client.submit({ ...media, fields: { cache: 'no-store' } })),
  );
  return accepted.map(({ task_id }) => task_id);
}

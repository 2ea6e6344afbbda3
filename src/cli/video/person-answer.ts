import type { LimelightClient, TaskEvent } from '../../client/limelight-client.ts';
import type { Person } from '../../contracts/job.ts';

/**
 * A reader of a task's events that has somebody asked who speaks when the task asks, and answers the task. The question
 * is withdrawn when the task goes on without: somebody has answered on the page.
 */
export function createAnswer(
  client: LimelightClient,
  taskId: string,
  choose: (persons: Person[], signal: AbortSignal) => Promise<number>,
  { signal, giveUp }: { signal: AbortSignal; giveUp: AbortController },
): (event: TaskEvent) => void {
  let asking: AbortController | undefined;
  const answer = async (persons: Person[], withdrawn: AbortSignal) => {
    const until = AbortSignal.any([signal, withdrawn]);
    try {
      await client.choosePerson(taskId, await choose(persons, until), { signal: until });
    } catch (error) {
      if (!withdrawn.aborted) {
        giveUp.abort(error);
      }
    }
  };
  return ({ event_type, data }) => {
    if (event_type !== 'stage_update') {
      return;
    }
    asking?.abort();
    const { waiting_for, persons } = (data.details ?? {}) as { waiting_for?: string; persons?: Person[] };
    if (waiting_for === 'person' && persons) {
      asking = new AbortController();
      void answer(persons, asking.signal);
    }
  };
}

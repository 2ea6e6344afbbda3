import type { TaskMetadata } from '../../contracts/schemas/task-metadata.ts';
import type { Timeline, TimelineStage } from '../../contracts/schemas/timeline.ts';
import { isTerminal } from '../../contracts/stages.ts';
import { isFailure } from '../../errors.ts';
import type { TimelineClient } from '../../ports/job-client.ts';
import type { TaskRecords } from '../../ports/task-records.ts';

const NOTHING = { compute: 0, provider: 0, retry: 0, queue: 0, orchestration: 0 };

/** Reads the history, or the record if Temporal has deleted the job. */
export async function readTimeline(
  { timelines, records }: { timelines: TimelineClient; records: TaskRecords },
  taskId: string,
): Promise<Timeline> {
  try {
    return await timelines.read(taskId);
  } catch (error) {
    const isForgotten = isFailure(error, 'TASK_NOT_FOUND');
    const record = isForgotten ? await records.read(taskId) : undefined;
    if (!record) {
      throw error;
    }
    return toRecordedTimeline(record);
  }
}

/** The timeline as of the last write of the record, or the stages alone. */
export function toRecordedTimeline({ task_id, submitted_at, events, timeline }: TaskMetadata): Timeline {
  const last = events.at(-1);
  const endedAt = last && isTerminal(last.data.stage) ? last.timestamp : undefined;
  const totalMs = Date.parse(endedAt ?? last?.timestamp ?? submitted_at) - Date.parse(submitted_at);
  if (timeline) {
    return { ...timeline, source: 'record', ...(endedAt && { ended_at: endedAt }), total_ms: totalMs };
  }
  const stages = events.flatMap((event, index): TimelineStage[] => {
    const next = events[index + 1];
    return next
      ? [
          {
            stage: event.data.stage,
            started_at: event.timestamp,
            ended_at: next.timestamp,
            ms: Date.parse(next.timestamp) - Date.parse(event.timestamp),
            split_ms: NOTHING,
            steps: [],
          },
        ]
      : [];
  });
  return {
    task_id,
    source: 'events',
    submitted_at,
    ...(endedAt && { ended_at: endedAt }),
    total_ms: totalMs,
    stages,
  };
}

import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import { QUEUES } from '../contracts/queues.ts';
import { RETAIN_STORAGE, RETENTION_INTERVAL, RETENTION_SCHEDULE } from '../contracts/retention.ts';
import type { RetentionReport } from '../contracts/schemas/retention.ts';
import { PipelineError } from '../errors.ts';
import { toPipelineError } from './temporal-error.ts';

export interface RetentionStatus {
  is_paused: boolean;
  /** The reason given for the pause. */
  note?: string;
  /** ISO 8601. */
  next_run_at?: string;
  last_run?: { workflow_id: string; started_at: string };
}

/** The schedule, for operators. */
export interface RetentionSchedule {
  /** Creates or updates it. A pause stays. */
  ensure(): Promise<void>;
  /** Runs now, beside the schedule, and waits for the report. */
  run(options: { dryRun: boolean }): Promise<RetentionReport>;
  /** Starts the next scheduled run now, unless one is in progress. */
  trigger(): Promise<void>;
  pause(note: string): Promise<void>;
  resume(): Promise<void>;
  status(): Promise<RetentionStatus>;
}

const ACTION = {
  type: 'startWorkflow',
  workflowType: RETAIN_STORAGE,
  workflowId: RETENTION_SCHEDULE,
  taskQueue: QUEUES.pipeline,
  args: [{ dryRun: false }],
  staticSummary: 'Deletes expired files',
} as const;
const SPEC = { intervals: [{ every: RETENTION_INTERVAL }] };
const POLICIES = {
  overlap: ScheduleOverlapPolicy.SKIP,
  // After an outage, one run makes up for all missed runs.
  catchupWindow: '1 hour',
} as const;

export function createRetentionSchedule({ client }: { client: Client }): RetentionSchedule {
  const handle = client.schedule.getHandle(RETENTION_SCHEDULE);
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw error instanceof ScheduleNotFoundError
        ? new PipelineError(
            'TASK_NOT_FOUND',
            `Temporal has no schedule ${RETENTION_SCHEDULE}: an io worker creates it when it starts`,
            { cause: error },
          )
        : toPipelineError(error);
    }
  };

  return {
    ensure: () =>
      call(async () => {
        try {
          await client.schedule.create({
            scheduleId: RETENTION_SCHEDULE,
            action: { ...ACTION, args: [...ACTION.args] },
            spec: SPEC,
            policies: POLICIES,
          });
        } catch (error) {
          if (!(error instanceof ScheduleAlreadyRunning)) {
            throw error;
          }
          await handle.update(({ state }) => ({
            action: { ...ACTION, args: [...ACTION.args] },
            spec: SPEC,
            policies: POLICIES,
            state,
          }));
        }
      }),

    run: ({ dryRun }) =>
      call(() =>
        client.workflow.execute<(options: { dryRun: boolean }) => Promise<RetentionReport>>(RETAIN_STORAGE, {
          workflowId: `${RETENTION_SCHEDULE}-${dryRun ? 'dry-run' : 'by-hand'}`,
          workflowIdConflictPolicy: 'USE_EXISTING',
          taskQueue: QUEUES.pipeline,
          args: [{ dryRun }],
          staticSummary: dryRun ? 'Lists expired files' : ACTION.staticSummary,
        }),
      ),

    trigger: () => call(() => handle.trigger(ScheduleOverlapPolicy.SKIP)),
    pause: (note) => call(() => handle.pause(note)),
    resume: () => call(() => handle.unpause()),

    status: () =>
      call(async () => {
        const { state, info } = await handle.describe();
        const last = info.recentActions.at(-1);
        const next = info.nextActionTimes[0];
        return {
          is_paused: state.paused,
          ...(state.note && { note: state.note }),
          ...(next && !state.paused && { next_run_at: next.toISOString() }),
          ...(last && {
            last_run: {
              workflow_id: last.action.workflow.workflowId,
              started_at: last.takenAt.toISOString(),
            },
          }),
        };
      }),
  };
}

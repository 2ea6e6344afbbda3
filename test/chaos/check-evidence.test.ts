import { describe, expect, it } from 'vitest';
import type { JobOutcome } from '../../src/contracts/schemas/job-outcome.ts';
import type { TaskMetadata } from '../../src/contracts/schemas/task-metadata.ts';
import { taskKeys, uploadKey } from '../../src/contracts/task-keys.ts';
import { JOB_OPTIONS } from '../harness/job-options.ts';
import { checkEvidence, FINDINGS, type FindingKind } from './check-evidence.ts';
import type { Evidence, ExecutionFacts, TaskLog } from './evidence.ts';
import type { PlannedJob } from './plan.ts';

const AT = '2026-11-25T09:30:00.000Z';
const SHA256 = 'a'.repeat(64);
/** A video of D-ID, the same video from the cache, a failure that was retried and failed again, and an erased task. */
const [MADE, CACHED, FAILED, ERASED] = [1, 2, 3, 4].map(
  (number) => `00000000-0000-4000-8000-00000000000${number}`,
) as [string, string, string, string];
const ENTRY = 'cache/video/0123/';

const JOB: PlannedJob = {
  index: 0,
  provider: 'd-id',
  content: { photo: 1, voice: 1, background: '#204060' },
  isTwin: false,
  cache: 'use',
  onOutage: 'wait',
  priority: 3,
  retries: 1,
  webhook: 'end',
  isReceiverDown: false,
  isSentTwice: false,
  isErasedAtEnd: false,
  readers: [],
};

/** What a run without any fault leaves. Each planted fault changes one thing of it. */
function soundEvidence(): Evidence {
  const records = {
    [MADE]: record(MADE, ['INITIALIZED', 'COMPLETED'], video(MADE), {
      usage: [{ provider: 'd-id', talk_id: 'tlk-1', seconds: 1, credits: 1 }],
      remote: [{ provider: 'd-id', what: 'talk', id: 'tlk-1' }],
    }),
    [CACHED]: record(CACHED, ['INITIALIZED', 'COMPLETED'], video(CACHED)),
    [FAILED]: record(FAILED, ['INITIALIZED', 'DID_PROCESSING', 'FAILED'], failure('SLOT_CRASHED')),
  };
  const retried = records[FAILED]!.events[1]!;
  retried.data.details = { retried_from: 'provider' };
  const owned = [MADE, CACHED].flatMap((taskId) => records[taskId]!.objects);
  return {
    tasks: [
      task(MADE, { outcomes: [video(MADE)] }),
      task(CACHED, { outcomes: [video(CACHED)] }),
      task(FAILED, { outcomes: [failure('SLOT_CRASHED')], retriesAsked: 1 }),
      task(ERASED, { isErased: true }),
    ],
    readers: [MADE, FAILED].map((taskId) => ({
      taskId,
      kind: 'sse' as const,
      connections: 2,
      events: records[taskId]!.events.map(({ seq, data }) => ({
        seq,
        // The reader was there before the failure was retried.
        stage: data.details?.retried_from ? 'FAILED' : data.stage,
        message: data.message,
      })),
      end: 'ended' as const,
    })),
    webhooks: Object.values(records).flatMap(({ task_id, events }) =>
      events
        .slice(1)
        .map(({ seq, data }) => ({ id: `msg-${task_id}-${seq}`, taskId: task_id, seq, stage: data.stage })),
    ),
    executions: [
      execution(`video/${MADE}`, 'generateVideo', 'COMPLETED'),
      execution(`video/${CACHED}`, 'generateVideo', 'COMPLETED'),
      execution(`video/${FAILED}`, 'generateVideo', 'FAILED'),
      execution(`video/${FAILED}`, 'generateVideo', 'FAILED', '2026-11-25T09:31:00.000Z'),
      execution(`retry-window/${FAILED}`, 'retryWindow', 'COMPLETED'),
      execution(`erase/${ERASED}`, 'eraseTask', 'COMPLETED'),
      execution('provider/d-id', 'providerBreaker', 'RUNNING'),
    ],
    objects: [
      ...owned.map((one) => ({ ...one })),
      ...[MADE, CACHED, FAILED].map((taskId) => object(taskKeys(taskId).metadata)),
      object(`${ENTRY}entry.json`),
      object(`${ENTRY}video`),
      object('access/keys/chaos.json'),
    ],
    records,
    litter: [],
    paid: [{ talkId: 'tlk-1', userData: MADE, at: AT, endedAt: '2026-11-25T09:30:05.000Z' }],
    leftovers: [
      { what: 'talk', id: 'tlk-1', isKnown: true },
      { what: 'portrait', id: 'lost-upload', isKnown: false },
    ],
    places: { taken: 0, waiting: 0, isHeld: false, limit: 2 },
    lastJobs: { asked: 40, completed: 40, refused: [] },
    processes: [],
  };
}

function task(taskId: string, more: Partial<TaskLog>): TaskLog {
  return {
    taskId,
    job: JOB,
    isAccepted: true,
    retriesAsked: 0,
    isErased: false,
    outcomes: [],
    complaints: [],
    ...more,
  };
}

function execution(workflowId: string, type: string, status: string, startedAt = AT): ExecutionFacts {
  return { workflowId, runId: `${workflowId} ${startedAt}`, type, status, startedAt, historyLength: 10 };
}

function object(key: string) {
  return { key, bytes: 10, sha256: SHA256 };
}

function record(
  taskId: string,
  stages: string[],
  outcome: JobOutcome,
  more: Partial<TaskMetadata> = {},
): TaskMetadata {
  const { video: videoKey, thumbnail } = taskKeys(taskId);
  const keys = outcome.success ? [uploadKey(taskId, 'image', SHA256), videoKey, thumbnail] : [];
  return {
    schema_version: 1,
    task_id: taskId,
    fingerprint: taskId,
    submitted_at: AT,
    updated_at: AT,
    options: JOB_OPTIONS,
    objects: keys.map(object),
    events: stages.map((stage, index) => ({
      seq: index + 1,
      task_id: taskId,
      event_type: 'stage_update',
      data: {
        stage: stage as TaskMetadata['events'][number]['data']['stage'],
        progress_percent: 0,
        message: `It is at ${stage}`,
      },
      timestamp: AT,
    })),
    ...(outcome.success && { cache_entries: [ENTRY] }),
    outcome,
    ...more,
  };
}

function video(taskId: string): JobOutcome {
  return {
    task_id: taskId,
    success: true,
    execution_time_ms: 1,
    metadata: {
      person_detection: { total_persons: 1, selected_person_id: 1, confidence: 1, persons: [] },
      background_removal: { input_size: 1024 },
      provider: { name: 'd-id', degraded: false },
      video: {
        width_px: 512,
        height_px: 512,
        duration_s: 1,
        bytes: 10,
        sha256: SHA256,
        content_type: 'video/mp4',
      },
      timings_ms: {},
      cached: [],
      warnings: [],
    },
  };
}

function failure(code: 'SLOT_CRASHED' | 'INTERNAL' | 'TASK_CANCELLED'): JobOutcome {
  return {
    task_id: FAILED,
    success: false,
    execution_time_ms: 1,
    error: { code, message: 'It crashed', stage: 'DID_PROCESSING', retryable: true, compensated: [] },
  };
}

/** The parts of the evidence by name, for the planted faults. */
function open(evidence: Evidence) {
  const recordOf = (taskId: string) => evidence.records[taskId] as TaskMetadata;
  const runOf = (workflowId: string) =>
    evidence.executions.findLast((one) => one.workflowId === workflowId) as ExecutionFacts;
  const readerOf = (taskId: string) => evidence.readers.find((one) => one.taskId === taskId)!;
  const taskOf = (taskId: string) => evidence.tasks.find((one) => one.taskId === taskId)!;
  return { ...evidence, evidence, recordOf, runOf, readerOf, taskOf };
}
type Opened = ReturnType<typeof open>;

/** One fault of each kind, or several. */
const PLANTED: Record<FindingKind, Record<string, (evidence: Opened) => void>> = {
  'lost job': {
    'an accepted job without an execution': ({ evidence, executions }) => {
      evidence.executions = executions.filter(({ workflowId }) => workflowId !== `video/${CACHED}`);
    },
  },
  'unknown job': {
    'a job without a submission': ({ executions }) => {
      executions.push(execution('video/other', 'generateVideo', 'COMPLETED'));
    },
  },
  'unended job': {
    'a job that still runs': ({ runOf }) => {
      runOf(`video/${CACHED}`).status = 'RUNNING';
    },
  },
  'ended otherwise': {
    'a second video of a task': ({ executions }) => {
      executions.unshift(execution(`video/${FAILED}`, 'generateVideo', 'COMPLETED', '2026-11-25T09:00:00Z'));
    },
    'a retry without a request': ({ taskOf }) => {
      taskOf(FAILED).retriesAsked = 0;
    },
  },
  'wrong error': {
    'an internal error': ({ recordOf }) => {
      recordOf(FAILED).outcome = failure('INTERNAL');
    },
    'a video of a silent voice': ({ taskOf }) => {
      taskOf(CACHED).job = { ...JOB, badInput: 'silent voice' };
    },
  },
  'unclear cancellation': {
    'a cancellation that had no effect': ({ taskOf }) => {
      taskOf(CACHED).cancelledAtStage = 'DETECTION_RUNNING';
    },
    'a cancellation without a request': ({ recordOf, runOf, readerOf }) => {
      recordOf(FAILED).outcome = failure('TASK_CANCELLED');
      recordOf(FAILED).events.at(-1)!.data.stage = 'CANCELLED';
      readerOf(FAILED).events.at(-1)!.stage = 'CANCELLED';
      runOf(`video/${FAILED}`).status = 'CANCELLED';
    },
  },
  'record missing': {
    'no record': ({ records }) => {
      delete records[FAILED];
    },
    'a record cut in half': ({ records }) => {
      records[FAILED] = undefined;
    },
  },
  'record wrong': {
    'a record without an end': ({ recordOf }) => {
      delete recordOf(FAILED).outcome;
    },
    'a record that says otherwise than Temporal': ({ runOf }) => {
      runOf(`video/${FAILED}`).status = 'COMPLETED';
    },
    'a client that was told otherwise': ({ taskOf }) => {
      taskOf(FAILED).outcomes = [video(FAILED)];
    },
  },
  'events wrong': {
    'a gap in the events': ({ recordOf, readerOf }) => {
      recordOf(MADE).events[1]!.seq = 3;
      readerOf(MADE).events[1]!.seq = 3;
    },
    'a retried failure that is still an end': ({ recordOf }) => {
      recordOf(FAILED).events[1]!.data = { ...recordOf(FAILED).events[2]!.data };
    },
  },
  'object missing': {
    'a video that is not there': ({ evidence, objects }) => {
      evidence.objects = objects.filter(({ key }) => key !== taskKeys(MADE).video);
    },
    'a video with other bytes': ({ objects }) => {
      objects.find(({ key }) => key === taskKeys(MADE).video)!.sha256 = 'b'.repeat(64);
    },
  },
  'object without owner': {
    'a photo of a failed task': ({ objects }) => {
      objects.push(object(uploadKey(FAILED, 'image', SHA256)));
    },
    'a file of no task': ({ objects }) => {
      objects.push(object('temp/unknown/part-1'));
    },
    'a file in no tier': ({ objects }) => {
      objects.push(object('elsewhere/file'));
    },
  },
  'cache entry without owner': {
    'an entry that no record lists': ({ objects }) => {
      objects.push(object('cache/cutout/4567/entry.json'));
    },
    'an entry without its entry.json': ({ objects }) => {
      objects.push(object('cache/cutout/4567/mask'));
    },
  },
  'lock held': {
    'a claim of a video': ({ objects }) => {
      objects.push(object('cache/claims/0123/000001'));
    },
  },
  litter: {
    'a file of a dead writer': ({ litter }) => {
      litter.push('/store/.scratch/folder-1');
    },
  },
  'erased in part': {
    'a file': ({ objects }) => {
      objects.push(object(taskKeys(ERASED).video));
    },
    'a file in a folder of another kind': ({ objects }) => {
      objects.push(object(`retention-overrides/${ERASED}.json`));
    },
    'a history': ({ executions }) => {
      executions.push(execution(`retry-window/${ERASED}`, 'retryWindow', 'COMPLETED'));
    },
    'an erasure that failed': ({ runOf }) => {
      runOf(`erase/${ERASED}`).status = 'FAILED';
    },
  },
  'paid twice': {
    'two talks of a task': ({ paid, recordOf }) => {
      paid.push({ talkId: 'tlk-2', userData: MADE, at: AT });
      recordOf(MADE).usage!.push({ provider: 'd-id', talk_id: 'tlk-2', seconds: 1, credits: 1 });
    },
  },
  'paid again': {
    'a talk for a video that was there': ({ evidence, paid, recordOf }) => {
      // Groups with an erased task share no video that is certain to stay.
      evidence.tasks = evidence.tasks.filter(({ isErased }) => !isErased);
      paid.push({ talkId: 'tlk-2', userData: CACHED, at: AT });
      recordOf(CACHED).usage = [{ provider: 'd-id', talk_id: 'tlk-2', seconds: 1, credits: 1 }];
    },
  },
  'paid without a job': {
    'a talk of an unknown task': ({ paid }) => {
      paid.push({ talkId: 'tlk-2', userData: 'unknown', at: AT });
    },
  },
  'cost off record': {
    'a paid talk that no record has': ({ paid }) => {
      paid.push({ talkId: 'tlk-2', userData: FAILED, at: AT });
    },
    'a talk on record that was never paid': ({ recordOf }) => {
      recordOf(FAILED).usage = [{ provider: 'd-id', talk_id: 'tlk-2', seconds: 1, credits: 1 }];
    },
  },
  'remote thing without owner': {
    'a talk': ({ leftovers }) => {
      leftovers.push({ what: 'talk', id: 'tlk-2', isKnown: false });
    },
    'a portrait that Limelight knows of': ({ leftovers }) => {
      leftovers.push({ what: 'portrait', id: 'img-2', isKnown: true });
    },
  },
  'place held': {
    'a place': ({ places }) => {
      places.taken = 1;
    },
    'a job that waits for one': ({ places }) => {
      places.waiting = 1;
    },
    'a breaker that is open': ({ places }) => {
      places.isHeld = true;
    },
  },
  'too many talks': {
    'three at a time where two may be': ({ paid, tasks, recordOf }) => {
      // A talk without an end is in progress until then.
      for (const [number, { taskId }] of tasks.entries()) {
        if (number === 0 || number === 3) continue;
        paid.push({ talkId: `tlk-${number}`, userData: taskId, at: AT });
        recordOf(taskId).usage = [{ provider: 'd-id', talk_id: `tlk-${number}`, seconds: 1, credits: 1 }];
      }
    },
  },
  'workflow left': {
    'a tidy-up that still runs': ({ executions }) => {
      executions.push(execution(`tidy-up/${MADE}`, 'tidyUpRemoteTalk', 'RUNNING'));
    },
    'a retry window that failed': ({ runOf }) => {
      runOf(`retry-window/${FAILED}`).status = 'FAILED';
    },
  },
  'event missed': {
    'one event': ({ readerOf }) => {
      readerOf(MADE).events.shift();
    },
    'a reader who was never told the end': ({ readerOf }) => {
      readerOf(MADE).end = 'never';
    },
  },
  'event doubled': {
    'one event': ({ readerOf }) => {
      const { events } = readerOf(MADE);
      events.splice(1, 0, events[0]!);
    },
  },
  'event differs': {
    'another message': ({ readerOf }) => {
      readerOf(MADE).events[0]!.message = 'Something else';
    },
    'the wrong order': ({ readerOf }) => {
      readerOf(MADE).events.reverse();
    },
    'an event that the record does not have': ({ readerOf }) => {
      readerOf(MADE).events.push({ seq: 3, stage: 'COMPLETED', message: 'Again' });
    },
  },
  'webhook missed': {
    'the end of a task': ({ evidence, webhooks }) => {
      evidence.webhooks = webhooks.filter(({ taskId }) => taskId !== CACHED);
    },
  },
  'webhook doubled': {
    'the end of a task as two messages': ({ webhooks }) => {
      webhooks.push({ ...webhooks[0]!, id: 'msg-other' });
    },
  },
  complaint: {
    'a client that was refused': ({ taskOf }) => {
      taskOf(MADE).complaints.push('a retry was refused');
    },
  },
  'slots or quotas held': {
    'jobs that did not end': ({ lastJobs }) => {
      lastJobs.completed = 39;
    },
    'a job that was refused': ({ lastJobs }) => {
      lastJobs.refused.push('429 for job 7');
    },
  },
  'process left': {
    'a slot without its worker': ({ processes }) => {
      processes.push('4711 limelight yolo');
    },
  },
};

it('finds nothing if nothing is wrong', () => {
  expect(checkEvidence(soundEvidence())).toEqual([]);
});

it('accepts a webhook that arrives twice, because an attempt may be repeated', () => {
  const evidence = soundEvidence();
  evidence.webhooks.push({ ...evidence.webhooks[0]! });
  expect(checkEvidence(evidence)).toEqual([]);
});

describe('a client that leaves before it has the receipt of its erasure', () => {
  it('may leave its task whole, if the request never arrived', () => {
    const { evidence, taskOf, readerOf } = open(soundEvidence());
    Object.assign(taskOf(MADE), { isErased: true, hasLeft: true });
    readerOf(MADE).end = 'never';
    expect(checkEvidence(evidence)).toEqual([]);
  });

  it('leaves an erasure that has to be complete, if the request arrived', () => {
    const { evidence, taskOf, executions } = open(soundEvidence());
    Object.assign(taskOf(CACHED), { isErased: true, hasLeft: true });
    executions.push(execution(`erase/${CACHED}`, 'eraseTask', 'COMPLETED'));
    expect(checkEvidence(evidence).map(({ kind }) => kind)).toContain('erased in part');
  });
});

describe.each(Object.keys(FINDINGS) as FindingKind[])('%s: finds', (kind) => {
  it.each(Object.entries(PLANTED[kind]))('%s', (_, plant) => {
    const opened = open(soundEvidence());
    plant(opened);
    const found = checkEvidence(opened.evidence);
    expect(found.map((one) => one.kind)).toContain(kind);
    // Nothing else than what was planted and what follows from it.
    expect(found.length).toBeLessThanOrEqual(4);
  });
});

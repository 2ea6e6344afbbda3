import { mostInFlight } from '../../emulators/d-id/most-in-flight.ts';
import { CACHE_PREFIX } from '../../src/contracts/content-cache.ts';
import { toEraseId } from '../../src/contracts/erase.ts';
import type { ErrorCode } from '../../src/contracts/error-codes.ts';
import { GPU_STATUS_PREFIX } from '../../src/contracts/gpu-status.ts';
import { toWorkflowId } from '../../src/contracts/messages.ts';
import { TaskMetadata } from '../../src/contracts/schemas/task-metadata.ts';
import { isTerminal, type Stage } from '../../src/contracts/stages.ts';
import { TIERS, taskKeys } from '../../src/contracts/task-keys.ts';
import type { Evidence, ExecutionFacts, ObjectFacts, ReaderLog, SeenEvent, TaskLog } from './evidence.ts';

/** Each is a promise that was not kept. */
export const FINDINGS = {
  'lost job': 'an accepted job is not in Temporal',
  'unknown job': 'a job without a submission',
  'unended job': 'a job has not ended',
  'ended otherwise': 'a job ended more than once, or by force',
  'wrong error': 'a job failed with an error that none of the faults explains',
  'unclear cancellation': 'a job was cancelled without a request, or went on after it was cancelled',
  'record missing': 'a job has no record',
  'record wrong': 'a record does not say how the job ended',
  'events wrong': 'the events of a record have gaps, or not one end',
  'object missing': 'an object of a record is missing or has other bytes',
  'object without owner': 'an object belongs to no task, or to one that has given it up',
  'cache entry without owner': 'an entry of the content cache is incomplete, or no task lists it',
  'lock held': 'a claim of a video was not given back',
  litter: 'files stay beside the objects after a sweep',
  'erased in part': 'something of an erased task is still there',
  'paid twice': 'a job has more than one paid talk',
  'paid again': 'identical jobs paid for the same video again',
  'paid without a job': 'a paid talk belongs to no job',
  'cost off record': 'a paid talk and the record of its task do not agree',
  'remote thing without owner': 'something is still at the provider that no record names',
  'place held': 'places at the provider are taken, or jobs wait for one',
  'too many talks': 'more talks were in progress at the provider than there are places',
  'workflow left': 'a workflow still runs, or did not complete',
  'event missed': 'a reader did not get every event',
  'event doubled': 'a reader got an event twice',
  'event differs': 'a reader got something else than the record has',
  'webhook missed': 'an event that was due was not sent to the receiver',
  'webhook doubled': 'an event was sent as two messages',
  complaint: 'a client was not served as promised',
  'slots or quotas held': 'a full load after everything else did not complete',
  'process left': 'a process outlived the one that had started it',
} as const;
export type FindingKind = keyof typeof FINDINGS;

export interface Finding {
  kind: FindingKind;
  /** The task, workflow or object. */
  subject: string;
  detail: string;
}

/** Errors that the faults of the run may cause. Jobs wait while the storage is away or full, so its errors are missing here. */
const EXPECTED_ERRORS: ReadonlySet<string> = new Set<ErrorCode>([
  'SLOT_CRASHED',
  'SLOT_TIMEOUT',
  'DEADLINE_EXCEEDED',
  // D-ID's FaceError, a fault of the emulator.
  'FACE_NOT_FOUND',
  'PROVIDER_UNAVAILABLE',
  'PROVIDER_AMBIGUOUS',
  'PROVIDER_CREDITS_EXHAUSTED',
  'PROVIDER_UNAUTHORIZED',
  'PROVIDER_REFUSED',
  'PROVIDER_RESPONSE_INVALID',
  'PROVIDER_TALK_FAILED',
  'PROVIDER_TALK_MISSING',
  'PROVIDER_TIMEOUT',
]);
const BAD_INPUT_ERRORS = { 'silent voice': 'AUDIO_SILENT', 'no person': 'PERSON_NOT_FOUND' } as const;
const LAST_STAGES: ReadonlySet<string> = new Set<Stage>(['DID_COMPLETE', 'FINALIZING']);
/** Workflows that are never done: the breaker of a provider, and Temporal's own. */
const PERMANENT = /^(provider\/|temporal-sys-)/;
/** What the server keeps for itself. */
const OWN_OBJECTS = ['access/', 'state/', 'retention-overrides/', GPU_STATUS_PREFIX];

/** Compares what clients, Temporal, the store and the provider have. It never looks at how Limelight works inside. */
export function checkEvidence(gathered: Evidence): Finding[] {
  const parsed = Object.entries(gathered.records).flatMap(([taskId, json]) => {
    const { data } = TaskMetadata.safeParse(json);
    return data ? [[taskId, data] as const] : [];
  });
  const erasing = new Set(gathered.executions.map(({ workflowId }) => workflowId));
  const tasks = gathered.tasks.map((task) => {
    // An erasure goes on without its client, but it must have been asked for.
    const wasAsked = !task.hasLeft || erasing.has(toEraseId(task.taskId));
    return task.isErased && !wasAsked ? { ...task, isErased: false } : task;
  });
  const evidence: Checked = { ...gathered, tasks, recordOf: new Map(parsed) };
  return [
    ...evidence.tasks.flatMap((task) => checkTask(task, evidence)),
    ...checkJobs(evidence),
    ...checkObjects(evidence),
    ...checkPayments(evidence),
    ...checkRemote(evidence),
    ...checkWorkflows(evidence),
    ...checkWebhooks(evidence),
    ...checkRest(evidence),
  ];
}

function finding(kind: FindingKind, subject: string, detail: string): Finding {
  return { kind, subject, detail };
}

/** With the records that can be read, by task. */
interface Checked extends Evidence {
  recordOf: ReadonlyMap<string, TaskMetadata>;
}

function runsOf({ executions }: Checked, taskId: string): ExecutionFacts[] {
  return executions
    .filter(({ workflowId }) => workflowId === toWorkflowId(taskId))
    .sort((a, b) => a.startedAt.localeCompare(b.startedAt));
}

function checkTask(task: TaskLog, evidence: Checked): Finding[] {
  const { taskId, isAccepted, isErased, hasLeft, complaints } = task;
  const complained = complaints.map((words) => finding('complaint', taskId, words));
  if (isErased) {
    return [...complained, ...checkErased(taskId, evidence)];
  }
  if (!isAccepted) {
    return complained;
  }
  const runs = runsOf(evidence, taskId);
  const last = runs.at(-1);
  if (!last) {
    return [...complained, finding('lost job', taskId, 'there is no execution of it')];
  }
  if (last.status === 'RUNNING') {
    return [...complained, finding('unended job', taskId, `run ${last.runId} is still running`)];
  }
  const record = evidence.recordOf.get(taskId);
  return [
    ...complained,
    ...checkRuns(task, runs),
    ...(record
      ? checkRecord(task, runs, record)
      : [finding('record missing', taskId, 'metadata.json is missing or not readable')]),
    // The readers of a client that has left were stopped with it.
    ...(record && !hasLeft ? evidence.readers.filter((one) => one.taskId === taskId) : []).flatMap((reader) =>
      checkReader(reader, record!),
    ),
  ];
}

function checkRuns({ taskId, retriesAsked }: TaskLog, runs: ExecutionFacts[]): Finding[] {
  const earlier = runs.slice(0, -1).filter(({ status }) => status !== 'FAILED');
  const { status } = runs.at(-1)!;
  return [
    ...earlier.map((run) => finding('ended otherwise', taskId, `an earlier run is ${run.status}`)),
    ...(runs.length > 1 + retriesAsked
      ? [
          finding(
            'ended otherwise',
            taskId,
            `${runs.length} runs, but ${retriesAsked} retries were asked for`,
          ),
        ]
      : []),
    ...(isTerminal(status as Stage) ? [] : [finding('ended otherwise', taskId, `the last run is ${status}`)]),
  ];
}

function checkRecord(task: TaskLog, runs: ExecutionFacts[], record: TaskMetadata): Finding[] {
  const { taskId, job, outcomes } = task;
  const { outcome, events } = record;
  const { status } = runs.at(-1)!;
  if (!outcome) {
    return [finding('record wrong', taskId, `it has no outcome, and the execution is ${status}`)];
  }
  const found: Finding[] = [];
  const end = events.at(-1)?.data.stage;
  const isCancelled = !outcome.success && outcome.error.code === 'TASK_CANCELLED';
  const expected = outcome.success ? 'COMPLETED' : isCancelled ? 'CANCELLED' : 'FAILED';
  if (status !== expected || end !== expected) {
    found.push(
      finding('record wrong', taskId, `outcome ${expected}, last event ${end}, execution ${status}`),
    );
  }
  const told = outcomes.at(-1);
  if (told && told.success !== outcome.success) {
    found.push(finding('record wrong', taskId, `the client was told success ${told.success}`));
  }
  const seqs = events.map(({ seq }) => seq);
  if (seqs.some((seq, index) => seq !== index + 1)) {
    found.push(finding('events wrong', taskId, `their numbers are ${seqs.join(' ')}`));
  }
  const ends = events.filter(({ data }) => isTerminal(data.stage as Stage));
  if (ends.length !== 1) {
    found.push(finding('events wrong', taskId, `${ends.length} of them are ends`));
  }
  const retried = events.filter(({ data }) => data.details?.retried_from !== undefined);
  if (retried.length !== runs.length - 1) {
    found.push(
      finding('events wrong', taskId, `${retried.length} retried failures, but ${runs.length} runs`),
    );
  }
  if (!outcome.success && !isCancelled) {
    const { code, message } = outcome.error;
    const isExpected = job.badInput ? code === BAD_INPUT_ERRORS[job.badInput] : EXPECTED_ERRORS.has(code);
    // A fault may also end a job before its bad input is found.
    if (!isExpected && !EXPECTED_ERRORS.has(code)) {
      found.push(finding('wrong error', taskId, `${code}: ${message}`));
    }
  }
  if (job.badInput && outcome.success) {
    found.push(finding('wrong error', taskId, `made a video in spite of ${job.badInput}`));
  }
  const isAsked = job.action?.kind === 'cancel';
  if (isCancelled && !isAsked) {
    found.push(finding('unclear cancellation', taskId, 'no client cancelled it'));
  }
  const { cancelledAtStage } = task;
  // Without an answer of a worker it is unknown whether the video was finished already.
  const mayBeLate = outcome.success && LAST_STAGES.has(cancelledAtStage ?? '');
  if (
    cancelledAtStage !== undefined &&
    !isTerminal(cancelledAtStage as Stage) &&
    !isCancelled &&
    !mayBeLate
  ) {
    found.push(
      finding(
        'unclear cancellation',
        taskId,
        `cancelled at ${cancelledAtStage}, but it ended as ${expected}`,
      ),
    );
  }
  return found;
}

/** Objects and executions that still have the id of an erased task in their names. */
function checkErased(taskId: string, evidence: Checked): Finding[] {
  const keys = evidence.objects.filter(({ key }) => key.includes(taskId)).map(({ key }) => key);
  const executions = evidence.executions
    .filter(({ workflowId }) => workflowId.includes(taskId) && !workflowId.startsWith('erase/'))
    .map(({ workflowId, status }) => `${workflowId} (${status})`);
  const erasing = evidence.executions.filter(
    ({ workflowId, status }) => workflowId === `erase/${taskId}` && status !== 'COMPLETED',
  );
  return [
    ...[...keys, ...executions].map((name) => finding('erased in part', taskId, name)),
    ...erasing.map(({ status }) => finding('erased in part', taskId, `its erasure is ${status}`)),
  ];
}

function checkReader({ taskId, kind, events, end }: ReaderLog, record: TaskMetadata): Finding[] {
  const found: Finding[] = [];
  const name = `${kind} reader of ${taskId}`;
  const seqs = events.map(({ seq }) => seq);
  const doubled = seqs.filter((seq, index) => seqs.indexOf(seq) !== index);
  if (doubled.length > 0) {
    found.push(finding('event doubled', name, `${doubled.join(' ')} of ${seqs.join(' ')}`));
  }
  const missed = record.events.filter(({ seq }) => !seqs.includes(seq)).map(({ seq }) => seq);
  if (missed.length > 0 || end !== 'ended') {
    found.push(finding('event missed', name, `${missed.join(' ') || 'none'}; the reader ${end}`));
  }
  if (seqs.some((seq, index) => index > 0 && seq < seqs[index - 1]!)) {
    found.push(finding('event differs', name, `out of order: ${seqs.join(' ')}`));
  }
  for (const event of events) {
    const recorded = record.events.find(({ seq }) => seq === event.seq);
    if (!recorded || !isSame(event, recorded)) {
      const other = recorded ? `${recorded.data.stage} "${recorded.data.message}"` : 'nothing';
      found.push(
        finding('event differs', name, `${event.seq} ${event.stage} "${event.message}"; recorded: ${other}`),
      );
    }
  }
  return found;
}

/** A failure that was retried is rewritten, so that readers who come later do not take it for the end. */
function isSame(event: SeenEvent, { data }: TaskMetadata['events'][number]): boolean {
  const wasFailure = event.stage === 'FAILED' && data.details?.retried_from !== undefined;
  return wasFailure || (event.stage === data.stage && event.message === data.message);
}

function checkJobs({ tasks, executions }: Checked): Finding[] {
  const known = new Set(tasks.map(({ taskId }) => toWorkflowId(taskId)));
  const strangers = executions.filter(
    ({ type, workflowId }) => type === 'generateVideo' && !known.has(workflowId),
  );
  return strangers.map(({ workflowId }) => finding('unknown job', workflowId, 'no client submitted it'));
}

function checkObjects(evidence: Checked): Finding[] {
  const { tasks, objects, records } = evidence;
  const found: Finding[] = [];
  const byKey = new Map(objects.map((object) => [object.key, object]));
  const owned = new Set<string>();
  const entries = new Set<string>();
  for (const { taskId, isErased } of tasks) {
    const record = isErased ? undefined : evidence.recordOf.get(taskId);
    if (!record) continue;
    const { metadata, name } = taskKeys(taskId);
    for (const key of [metadata, name]) owned.add(key);
    for (const entry of record.cache_entries ?? []) entries.add(entry);
    for (const listed of record.objects) {
      owned.add(listed.key);
      const fault = compare(listed, byKey.get(listed.key));
      if (fault) found.push(finding('object missing', listed.key, fault));
    }
  }
  const erased = new Set(tasks.filter(({ isErased }) => isErased).map(({ taskId }) => taskId));
  for (const { key } of objects) {
    if (OWN_OBJECTS.some((prefix) => key.startsWith(prefix))) continue;
    if (key.startsWith(`${CACHE_PREFIX}claims/`)) {
      found.push(finding('lock held', key, 'no job makes this video any more'));
    } else if (key.startsWith(CACHE_PREFIX)) {
      const entry = key.slice(0, key.lastIndexOf('/') + 1);
      if (!byKey.has(`${entry}entry.json`)) {
        found.push(finding('cache entry without owner', key, 'the entry has no entry.json'));
      } else if (!entries.has(entry)) {
        found.push(finding('cache entry without owner', key, 'no record lists the entry'));
      }
    } else if (!owned.has(key)) {
      const [tier = '', taskId = ''] = key.split('/');
      const isTier = (TIERS as readonly string[]).includes(tier);
      // Those of erased tasks are found by their own check.
      if (erased.has(taskId)) continue;
      const owner = !isTier ? 'no tier' : taskId in records ? 'its record does not list it' : 'no record';
      found.push(finding('object without owner', key, owner));
    }
  }
  return found;
}

function compare(listed: ObjectFacts, object: ObjectFacts | undefined): string | undefined {
  if (!object) return 'it is not in the store';
  return object.bytes === listed.bytes && object.sha256 === listed.sha256
    ? undefined
    : `${object.bytes} bytes ${object.sha256.slice(0, 12)}, but ${listed.bytes} bytes ${listed.sha256.slice(0, 12)} were recorded`;
}

function checkPayments(evidence: Checked): Finding[] {
  const { tasks, paid } = evidence;
  const found: Finding[] = [];
  const byTask = Map.groupBy(paid, ({ userData }) => userData ?? '');
  const byId = new Map(tasks.map((task) => [task.taskId, task]));
  for (const [taskId, talks] of byTask) {
    const ids = talks.map(({ talkId }) => talkId).join(', ');
    const task = byId.get(taskId);
    if (!task) {
      found.push(finding('paid without a job', taskId, ids));
    } else if (talks.length > 1) {
      found.push(finding('paid twice', taskId, ids));
    }
  }
  for (const { taskId, isErased, isAccepted } of tasks) {
    const record = isErased || !isAccepted ? undefined : evidence.recordOf.get(taskId);
    if (!record) continue;
    const ledger = (byTask.get(taskId) ?? []).map(({ talkId }) => talkId).sort();
    const recorded = (record.usage ?? []).map(({ talk_id }) => talk_id).sort();
    if (ledger.join() !== recorded.join()) {
      found.push(
        finding(
          'cost off record',
          taskId,
          `paid: ${ledger.join() || 'none'}; on record: ${recorded.join() || 'none'}`,
        ),
      );
    }
  }
  return [...found, ...checkIdentical(evidence, byTask)];
}

/**
 * Of identical jobs that share their video, only one that succeeds pays. An erased task takes the video out of the cache, so
 * groups with one are left out.
 */
function checkIdentical(evidence: Checked, paid: Map<string, unknown[]>): Finding[] {
  const groups = Map.groupBy(evidence.tasks, ({ job }) =>
    job.cache === 'use' && job.provider === 'd-id' ? JSON.stringify(job.content) : '',
  );
  groups.delete('');
  const shared = [...groups.values()].filter((group) => !group.some(({ isErased }) => isErased));
  return shared.flatMap((group) => {
    const payers = group.filter(({ taskId }) => {
      const outcome = evidence.recordOf.get(taskId)?.outcome;
      return paid.has(taskId) && outcome?.success && !outcome.metadata.provider.degraded;
    });
    const [first, ...others] = payers.map(({ taskId }) => taskId);
    return others.map((taskId) => finding('paid again', taskId, `${first} had paid for the same video`));
  });
}

function checkRemote(evidence: Checked): Finding[] {
  const owned = new Set(
    evidence.tasks
      .filter(({ isErased }) => !isErased)
      .flatMap(({ taskId }) => evidence.recordOf.get(taskId)?.remote ?? [])
      .map(({ id }) => id),
  );
  const { taken, waiting, isHeld, limit } = evidence.places;
  const most = mostInFlight(
    evidence.paid.map(({ at, endedAt }) => ({
      at: new Date(at),
      ...(endedAt !== undefined && { endedAt: new Date(endedAt) }),
    })),
  );
  return [
    ...(most > limit ? [finding('too many talks', 'd-id', `${most} at a time, but ${limit} places`)] : []),
    ...evidence.leftovers
      // No history has the id of an upload whose answer was lost: D-ID deletes it after 48 hours.
      .filter(({ what, id, isKnown }) => !owned.has(id) && (what === 'talk' || isKnown))
      .map(({ what, id }) => finding('remote thing without owner', id, what)),
    ...(taken > 0 || waiting > 0 || isHeld
      ? [finding('place held', 'd-id', `${taken} taken, ${waiting} waiting, ${isHeld ? 'held' : 'open'}`)]
      : []),
  ];
}

function checkWorkflows({ executions }: Checked): Finding[] {
  return executions
    .filter(
      ({ type, workflowId, status }) =>
        type !== 'generateVideo' &&
        !PERMANENT.test(workflowId) &&
        status !== 'COMPLETED' &&
        status !== 'CONTINUED_AS_NEW',
    )
    .map(({ type, workflowId, status }) => finding('workflow left', workflowId, `${type} is ${status}`));
}

function checkWebhooks(evidence: Checked): Finding[] {
  const { tasks, webhooks } = evidence;
  const byTask = Map.groupBy(webhooks, ({ taskId }) => taskId);
  return tasks.flatMap(({ taskId, job, isAccepted, isErased }) => {
    const record = isErased || !isAccepted || !job.webhook ? undefined : evidence.recordOf.get(taskId);
    if (!record) return [];
    const isDue = ({ data }: TaskMetadata['events'][number]) =>
      job.webhook === 'all' || isTerminal(data.stage as Stage) || data.details?.retried_from !== undefined;
    return record.events.filter(isDue).flatMap(({ seq, data }) => {
      const messages = (byTask.get(taskId) ?? []).filter((message) => message.seq === seq);
      const ids = new Set(messages.map(({ id }) => id));
      const name = `${seq} ${data.stage}`;
      if (ids.size === 0) return [finding('webhook missed', taskId, name)];
      return ids.size > 1 ? [finding('webhook doubled', taskId, `${name}: ${[...ids].join(', ')}`)] : [];
    });
  });
}

function checkRest({ lastJobs, litter, processes }: Checked): Finding[] {
  const { asked, completed, refused } = lastJobs;
  return [
    ...litter.map((path) => finding('litter', path, 'a sweep did not remove it')),
    ...processes.map((name) => finding('process left', name, 'it still runs')),
    ...(completed < asked || refused.length > 0
      ? [
          finding(
            'slots or quotas held',
            'the last jobs',
            `${completed} of ${asked} completed; refused: ${refused.join('; ') || 'none'}`,
          ),
        ]
      : []),
  ];
}

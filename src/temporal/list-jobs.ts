import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { isErrorCode } from '../contracts/error-codes.ts';
import { GENERATE_VIDEO, taskIdOf } from '../contracts/messages.ts';
import type { TaskSummary } from '../contracts/schemas/task-status.ts';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';
import type { Stage } from '../contracts/stages.ts';
import { ignoreFailure } from '../errors.ts';
import type { JobPage, JobQuery, JobStatus } from '../ports/job-client.ts';
import { readPayload } from './decode-payloads.ts';
import { type ListedExecution, listExecutions, readAttributes } from './list-executions.ts';
import { fromCursor, toCursor } from './page-cursor.ts';
import { toIso, toMs } from './proto-time.ts';

const { WorkflowExecutionStatus } = proto.temporal.api.enums.v1;

/** Queries of Temporal's visibility. A job that an operator terminated counts as failed. */
const QUERIES: Record<JobStatus, string> = {
  running: "ExecutionStatus = 'Running'",
  completed: "ExecutionStatus = 'Completed'",
  failed: "ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')",
  cancelled: "ExecutionStatus = 'Canceled'",
};

const SUMMARIES_AT_ONCE = 500;
const FIRST_SPAN_MS = 3_600_000;
/** A search looks at about this many tasks for a page. The cursor of the page leads on. */
const MAX_SELECTED_FROM = 1_000;

/** The last job of a page: its submission in milliseconds since 1970, and its id. */
interface Position {
  submittedMs: number;
  taskId: string;
}

/**
 * One page of jobs, newest submission first. A task that was retried is listed once, as its last attempt.
 *
 * Temporal's SQL stores sort by the time of the end and take no `ORDER BY`. So a page is made from all jobs of a span of
 * time that holds enough of them, which are sorted here.
 */
export async function listJobs(client: Client, query: JobQuery): Promise<JobPage> {
  const after = query.cursor === undefined ? undefined : toPosition(query.cursor);
  for (let wanted = query.limit + 1; ; wanted *= 4) {
    const fromMs = await findSpan(client, query, { untilMs: after?.submittedMs, wanted });
    const all = await readSpan(client, query, { fromMs, untilMs: after?.submittedMs });
    const tasks = all.sort(newestFirst).filter((task) => !after || isAfter(task, after));
    const kept = query.select ? await query.select(tasks) : tasks;
    const page = kept.slice(0, query.limit);
    const isFull = page.length === query.limit;
    // Retries make a span hold fewer tasks than executions.
    if (isFull || fromMs === undefined || tasks.length >= MAX_SELECTED_FROM) {
      const last = isFull ? page.at(-1) : tasks.at(-1);
      const isMore = kept.length > page.length || fromMs !== undefined;
      return { tasks: page, ...(last && isMore && { nextCursor: fromPosition(last) }) };
    }
  }
}

function newestFirst(a: TaskSummary, b: TaskSummary): number {
  return Date.parse(b.submitted_at) - Date.parse(a.submitted_at) || (a.task_id < b.task_id ? -1 : 1);
}

function isAfter({ submitted_at, task_id }: TaskSummary, { submittedMs, taskId }: Position): boolean {
  const ms = Date.parse(submitted_at);
  return ms < submittedMs || (ms === submittedMs && task_id > taskId);
}

function fromPosition({ submitted_at, task_id }: TaskSummary): string {
  return toCursor('tasks', Buffer.from(`${Date.parse(submitted_at)}/${task_id}`));
}

function toPosition(cursor: string): Position {
  const [submitted, taskId = ''] = Buffer.from(fromCursor('tasks', cursor)).toString().split('/');
  return { submittedMs: Number(submitted), taskId };
}

/** Both ends count as inside. */
interface Span {
  fromMs: number | undefined;
  untilMs: number | undefined;
}

function toQuery({ status, owner }: JobQuery, { fromMs, untilMs }: Span): string {
  const submittedAt = SEARCH_ATTRIBUTES.submittedAt;
  return [
    `WorkflowType = '${GENERATE_VIDEO}'`,
    ...(status ? [QUERIES[status]] : []),
    ...(owner === undefined ? [] : [`${SEARCH_ATTRIBUTES.key} = '${owner}'`]),
    ...(fromMs === undefined ? [] : [`${submittedAt} >= '${toIso(fromMs)}'`]),
    // SQLite compares times as texts and sorts 12.120 after 12.12, so the bound is a millisecond later.
    ...(untilMs === undefined ? [] : [`${submittedAt} < '${toIso(untilMs + 1)}'`]),
  ].join(' AND ');
}

/** The start of a span that holds at least `wanted` executions and not many more. `undefined` if the span holds all of them. */
async function findSpan(
  client: Client,
  query: JobQuery,
  { untilMs, wanted }: { untilMs: number | undefined; wanted: number },
): Promise<number | undefined> {
  const count = async (fromMs?: number) =>
    (await client.workflow.count(toQuery(query, { fromMs, untilMs }))).count;
  const enough = wanted * 4;
  if ((await count()) <= enough) {
    return undefined;
  }
  const end = untilMs ?? Date.now();
  let [near, far] = [end, end - FIRST_SPAN_MS];
  let counted = await count(far);
  for (; counted < wanted; counted = await count(far)) {
    [near, far] = [far, Math.max(0, end - (end - far) * 8)];
  }
  // Jobs of one batch may all be submitted within a millisecond.
  while (counted > enough && near - far > 1) {
    const middle = Math.floor((near + far) / 2);
    const inside = await count(middle);
    if (inside < wanted) {
      near = middle;
    } else {
      [far, counted] = [middle, inside];
    }
  }
  return far;
}

async function readSpan(client: Client, query: JobQuery, span: Span): Promise<TaskSummary[]> {
  const found = await Array.fromAsync(listExecutions(client, toQuery(query, span)));
  const last = toLastAttempts(found);
  if (query.status !== 'failed' || last.size === 0) {
    return toSummaries(client, last);
  }
  // Only failed tasks are retried. The later attempts have another status, so the query does not find them.
  const ids = [...last.keys()].map((id) => `'${id}'`).join(', ');
  const attempts = toLastAttempts(
    await Array.fromAsync(
      listExecutions(
        client,
        `WorkflowType = '${GENERATE_VIDEO}' AND ${SEARCH_ATTRIBUTES.taskId} IN (${ids})`,
      ),
    ),
  );
  return (await toSummaries(client, attempts)).filter(({ status }) => status === 'failed');
}

function toLastAttempts(executions: ListedExecution[]): Map<string, ListedExecution> {
  const last = new Map<string, ListedExecution>();
  for (const execution of executions) {
    const id = taskIdOf(execution.execution?.workflowId ?? '') ?? '';
    const known = last.get(id);
    if (!known || toMs(known.startTime) < toMs(execution.startTime)) {
      last.set(id, execution);
    }
  }
  return last;
}

/** Some at a time: thousands would keep the event loop busy for 50 ms. */
async function toSummaries(
  client: Client,
  executions: ReadonlyMap<string, ListedExecution>,
): Promise<TaskSummary[]> {
  const infos = [...executions.values()];
  const summaries: TaskSummary[] = [];
  for (let start = 0; start < infos.length; start += SUMMARIES_AT_ONCE) {
    const some = infos.slice(start, start + SUMMARIES_AT_ONCE);
    summaries.push(...(await Promise.all(some.map((info) => toSummary(client, info)))));
    await nextTurn();
  }
  return summaries;
}

async function toSummary(client: Client, info: ListedExecution): Promise<TaskSummary> {
  const read = (name: string): string | undefined => readAttributes(info, name)[0];
  const status = toStatus(info.status);
  const stage = (read(SEARCH_ATTRIBUTES.stage) ?? 'INITIALIZED') as Stage;
  const provider = read(SEARCH_ATTRIBUTES.provider);
  const error = status === 'failed' ? read(SEARCH_ATTRIBUTES.error) : undefined;
  const namePayload = info.memo?.fields?.name;
  const name =
    namePayload &&
    (await ignoreFailure(
      readPayload<string>(client, namePayload),
      'a task whose key is missing is listed without its name',
    ));
  return {
    task_id: taskIdOf(info.execution?.workflowId ?? '') ?? '',
    ...(name && { name }),
    stage,
    status,
    ...(provider !== undefined && { provider }),
    ...(error !== undefined && { error_code: isErrorCode(error) ? error : 'INTERNAL' }),
    submitted_at: new Date(read(SEARCH_ATTRIBUTES.submittedAt) ?? toMs(info.startTime)).toISOString(),
    ...(info.closeTime && { ended_at: toIso(toMs(info.closeTime)) }),
  };
}

function toStatus(status: proto.temporal.api.enums.v1.WorkflowExecutionStatus | null | undefined): JobStatus {
  switch (status) {
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING:
      return 'running';
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_COMPLETED:
      return 'completed';
    case WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_CANCELED:
      return 'cancelled';
    default:
      return 'failed';
  }
}

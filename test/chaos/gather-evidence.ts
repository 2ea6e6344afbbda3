import { createHash } from 'node:crypto';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Client } from '@temporalio/client';
import type { Account } from '../../emulators/d-id/account.ts';
import { BREAKER_QUERY, type GateState, toBreakerId } from '../../src/contracts/provider-gate.ts';
import { taskIdOfRecord } from '../../src/contracts/task-keys.ts';
import type { ChaosStack } from './chaos-stack.ts';
import type { Evidence, ExecutionFacts, ObjectFacts, RemoteLeftover } from './evidence.ts';

/** The folder in which the S3 server collects bodies, and the store's own scratch folder. */
const NOT_OBJECTS = new Set(['.sgwtmp', '.scratch']);

/** All executions of the namespace, whatever their state. */
export async function listExecutions(client: Client): Promise<ExecutionFacts[]> {
  const found: ExecutionFacts[] = [];
  for await (const info of client.workflow.list()) {
    found.push({
      workflowId: info.workflowId,
      runId: info.runId,
      type: info.type,
      status: info.status.name,
      startedAt: info.startTime.toISOString(),
      historyLength: info.historyLength,
    });
  }
  return found;
}

/** Of the breaker of D-ID. Needs a worker. A breaker that was never asked has no place taken. */
export async function readPlaces(client: Client): Promise<Omit<Evidence['places'], 'limit'>> {
  const handle = client.workflow.getHandle(toBreakerId('d-id'));
  try {
    const { talksInFlight, waiting, hold } = await handle.query<GateState>(BREAKER_QUERY);
    return { taken: talksInFlight, waiting, isHeld: hold !== undefined };
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return { taken: 0, waiting: 0, isHeld: false };
    throw error;
  }
}

/** The objects by their files, not by the code that stored them. */
export async function readObjects({ kind, folder }: ChaosStack['store']): Promise<{
  objects: ObjectFacts[];
  records: Record<string, unknown>;
}> {
  const objects: ObjectFacts[] = [];
  const records: Record<string, unknown> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const key = relative(folder, path);
    if (key.split('/').some((part) => NOT_OBJECTS.has(part))) continue;
    // In a folder an object is a link to the file with its bytes.
    const isObject = kind === 's3' ? entry.isFile() : entry.isSymbolicLink();
    if (!isObject) continue;
    const bytes = await readFile(path);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    objects.push({ key, bytes: bytes.length, sha256 });
    const taskId = taskIdOfRecord(key);
    if (taskId !== undefined) records[taskId] = parseJson(bytes);
  }
  return { objects, records };
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
}

/** What a sweep of each process's files leaves beside the objects. */
export async function sweep({ kind, folder, views }: ChaosStack['store']): Promise<string[]> {
  const litter: string[] = [];
  for (const { root, open } of views) {
    using store = open();
    await store.sweep({ olderThanMs: 0 });
    const scratch = join(root, kind === 's3' ? 's3/.scratch' : '.scratch');
    const left = await readdir(scratch).catch(() => []);
    litter.push(...left.map((name) => join(scratch, name)));
  }
  if (kind === 's3') return litter;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const links = entries.filter((entry) => entry.isSymbolicLink());
  const named = new Set(
    await Promise.all(
      links.map(async ({ parentPath, name }) => join(parentPath, await readlink(join(parentPath, name)))),
    ),
  );
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return [...litter, ...files.filter((path) => !named.has(path) && !path.includes('/.scratch/'))];
}

/** What is at the provider, and whether a history of any workflow has its id. */
export async function readLeftovers(
  client: Client,
  account: Account,
  executions: ExecutionFacts[],
): Promise<RemoteLeftover[]> {
  const things = [
    ...[...account.talks.keys()].map((id) => ({ what: 'talk' as const, id })),
    ...[...account.images.keys()].map((id) => ({ what: 'portrait' as const, id })),
    ...[...account.audios.keys()].map((id) => ({ what: 'voice' as const, id })),
  ];
  const known = new Set<string>();
  for (const { type, workflowId, runId } of things.length > 0 ? executions : []) {
    if (type !== 'generateVideo' && type !== 'tidyUpRemoteTalk') continue;
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const texts = payloadsIn(events).join('\n');
    for (const { id } of things) {
      if (texts.includes(id)) known.add(id);
    }
  }
  return things.map((thing) => ({ ...thing, isKnown: known.has(thing.id) }));
}

/** The text of every payload anywhere below. */
function payloadsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  const { data } = value as { data?: unknown };
  const own = data instanceof Uint8Array ? [Buffer.from(data).toString()] : [];
  return [...own, ...Object.values(value).flatMap(payloadsIn)];
}

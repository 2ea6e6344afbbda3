import { defineQuery, proxyActivities, setHandler } from '@temporalio/workflow';
import type { EraseActivities } from '../activities/erase.ts';
import { RECEIPT_QUERY } from '../contracts/erase.ts';
import { QUEUES } from '../contracts/queues.ts';
import type { ErasedThing, EraseReceipt, PendingErasure } from '../contracts/schemas/erase-receipt.ts';
import type { RemoteThing } from '../contracts/schemas/job.ts';
import { ignoreFailure } from './ignore-failure.ts';
import { deleteRemote, findTalkId } from './remote-talk/tidy-up.ts';

const { endExecutions, findRemote, readLedger, eraseFiles, deleteExecutions, untilEnded } =
  proxyActivities<EraseActivities>({
    taskQueue: QUEUES.io,
    startToCloseTimeout: '30 minutes',
    heartbeatTimeout: '10 s',
    // No limit on attempts: nothing may stay because a disk was unavailable.
    retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '1 minute' },
    summary: 'Erase a task',
  });

const receiptQuery = defineQuery<EraseReceipt | null>(RECEIPT_QUERY);

/**
 * Erases everything of a task. Our own files go first, and then whatever the provider still has: it may be away for days, so
 * the query `receipt` answers in between. The receipt lists each thing that was erased, and what is still pending.
 */
export async function eraseTask({ taskId }: { taskId: string }): Promise<EraseReceipt> {
  const receipt: EraseReceipt = { task_id: taskId, erased_at: '', erased: [], pending: [] };
  const add = (...things: ErasedThing[]) => {
    receipt.erased.push(...things);
    receipt.erased_at = new Date().toISOString();
  };
  setHandler(receiptQuery, () => (receipt.erased_at ? receipt : null));

  await endExecutions({ taskId });
  const recorded = await findRemote({ taskId });
  const files = await eraseFiles({ taskId });
  const { things, lostTalks } = await readLedger({ taskId });
  const { erased, tidyUps } = await deleteExecutions({ taskId });

  const remote = [
    ...unique([...recorded, ...things]).map((thing) => ({
      pending: toPending(thing),
      erase: async () => eraseThing(thing),
    })),
    ...lostTalks.map((talk) => ({
      pending: toPending({ provider: talk.provider, what: 'talk' }),
      erase: async () => eraseLostTalk(taskId, talk),
    })),
  ];
  const running = tidyUps.map((name): PendingErasure => ({ kind: 'execution', name }));
  receipt.pending = [...remote.map(({ pending }) => pending), ...running];
  add(...files, ...erased);

  await Promise.all(
    remote.map(async ({ pending, erase }) => {
      // What a provider refuses to delete for a week stays pending.
      const done = await ignoreFailure(erase(), 'the receipt lists it as pending');
      if (done) {
        receipt.pending = receipt.pending.filter((one) => one !== pending);
        add(...done);
      }
    }),
  );
  if (tidyUps.length > 0) {
    await untilEnded({ workflowIds: tidyUps });
    receipt.pending = receipt.pending.filter(({ kind }) => kind !== 'execution');
    add(...(await deleteExecutions({ taskId, tidyUps })).erased);
  }
  // A tidy-up may have written the record once more, with the cost of a lost talk.
  add(...(await eraseFiles({ taskId })));
  return receipt;
}

/** The record of a job and its history list the same things. */
function unique(things: RemoteThing[]): RemoteThing[] {
  return [...new Map(things.map((thing) => [`${thing.what} ${thing.id}`, thing])).values()];
}

function toPending({ provider, what, id }: Omit<RemoteThing, 'id'> & { id?: string }): PendingErasure {
  return { kind: 'provider', provider, name: id === undefined ? what : `${what} ${id}` };
}

/** The histories do not contain the label of the provider. */
const at = (provider: string) => ({ provider: { queue: provider, label: provider }, timeScale: 1 });

async function eraseThing(thing: RemoteThing): Promise<ErasedThing[]> {
  await deleteRemote(thing, at(thing.provider));
  return [{ kind: 'provider', name: `${thing.what} ${thing.id}`, erased_at: new Date().toISOString() }];
}

async function eraseLostTalk(
  taskId: string,
  { provider, createdSince }: { provider: string; createdSince: string },
): Promise<ErasedThing[]> {
  const id = await findTalkId({
    ...at(provider),
    requestId: taskId,
    mayHaveUnknownTalk: true,
    askedAt: createdSince,
  });
  return id === undefined ? [] : eraseThing({ provider, what: 'talk', id });
}

import { isCancellation, log, ParentClosePolicy, startChild, workflowInfo } from '@temporalio/workflow';
import { toTidyUpId } from '../../contracts/provider-gate.ts';
import { QUEUES } from '../../contracts/queues.ts';
import type { ProviderUsage, RemoteThing } from '../../contracts/schemas/job.ts';
import { addUsage } from '../activities.ts';
import { GrowingDelay } from '../growing-delay.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { breakerActivities } from './gate-activities.ts';
import {
  type Leftovers,
  type LostTalk,
  mayHaveTalk,
  toLostTalk,
  toRemoteThings,
  toUsage,
} from './leftovers.ts';
import { pause } from './pause.ts';
import { releasePlace } from './provider-gate.ts';
import { remoteActivities } from './remote-activities.ts';

/** A new talk appears in the provider's list within seconds, or once the provider has served a request that was cut off. */
const FIND_DELAYS_MS = [0, 2_000, 5_000, 10_000, 30_000];

/** A tidy-up gives up after this time. Providers delete uploads by themselves within days. */
const PATIENCE_MS = 7 * 24 * 3_600_000;
const RETRY_DELAYS = { firstMs: 30_000, maxMs: 30 * 60_000 };
const LOOK_DELAYS = { firstMs: 500, maxMs: 30 * 60_000 };

/** Deletes everything in a workflow of its own, so that the end of the job does not wait for the provider. */
export async function startTidyUp(leftovers: Leftovers): Promise<void> {
  const { provider, requestId, attempt } = leftovers;
  if (toRemoteThings(leftovers).length > 0 || mayHaveTalk(leftovers)) {
    await startChild(tidyUpRemoteTalk, {
      workflowId: toTidyUpId(requestId, attempt),
      taskQueue: QUEUES.pipeline,
      args: [leftovers],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `Delete what a job left at ${provider.label}`,
    });
  }
}

/** Ends once nothing of the job is left at the provider. Waits for a talk that is still in progress. */
export async function tidyUpRemoteTalk(leftovers: Leftovers): Promise<void> {
  const { provider, requestId } = leftovers;
  const uploads = toRemoteThings(leftovers).filter(({ what }) => what !== 'talk');
  // Each on its own: a talk that cannot be found must not keep the portrait there.
  const results = await Promise.allSettled([
    deleteTalk(leftovers),
    ...uploads.map((upload) => deleteRemote(upload, leftovers)),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    log.error('Could not delete everything of a job at the provider', { provider: provider.name, requestId });
    throw failed.reason;
  }
}

async function deleteTalk(leftovers: Leftovers): Promise<void> {
  const { provider, requestId, timeScale, hasPlace, talkId } = leftovers;
  const id = await persist(() => findTalkId(leftovers), timeScale);
  if (id) {
    await deleteRemote({ provider: provider.name, what: 'talk', id }, leftovers);
  }
  if (hasPlace) {
    await releasePlace(provider.name, requestId);
  }
  if (id && id !== talkId) {
    await recordCost(requestId, toUsage(leftovers, id));
  }
}

/** Adds the cost of a talk to the record of its task, whose job paid for the talk but never got its id. */
async function recordCost(taskId: string, usage: ProviderUsage): Promise<void> {
  const { parent } = workflowInfo();
  if (parent) {
    await untilEnded(parent.workflowId);
  }
  await addUsage({ taskId, usage });
}

/** The workflow that started this one may still write the record. */
async function untilEnded(workflowId: string): Promise<void> {
  const delay = new GrowingDelay(LOOK_DELAYS);
  for (;;) {
    await pause(delay.nextMs(), 'Until the job has written its last record');
    const ended = breakerActivities.findEnded({ workflowIds: [workflowId] });
    if ((await ignoreFailure(ended, 'it is looked up again'))?.length) {
      return;
    }
  }
}

/** Deletes one thing at a provider, however long the provider refuses it. */
export async function deleteRemote(
  { what, id }: RemoteThing,
  { provider, timeScale }: Pick<LostTalk, 'provider' | 'timeScale'>,
): Promise<void> {
  const { undo } = remoteActivities(provider, timeScale);
  await persist(() => undo.deleteRemote({ what, id }), timeScale);
}

/**
 * Repeats a call even if its activity has given up, because an operator may fix the cause: a key that is not accepted, or an
 * outage of days. Rejects after PATIENCE_MS.
 */
async function persist<T>(call: () => Promise<T>, timeScale: number): Promise<T> {
  const giveUpAtMs = Date.now() + PATIENCE_MS;
  const delay = new GrowingDelay(RETRY_DELAYS);
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (isCancellation(error) || Date.now() >= giveUpAtMs) {
        throw error;
      }
      log.warn('A provider refused to delete what a job left there', { error });
      await pause(delay.nextMs() * timeScale, 'Until the next attempt to delete what a job left there');
    }
  }
}

/** The id of the job's talk, which is searched for if its answer was lost. `undefined` if there is none. */
export async function findTalkId(talk: LostTalk): Promise<string | undefined> {
  const { provider, timeScale, talkId, mayHaveUnknownTalk, mayBeSentUntil = 0 } = talk;
  if (talkId || !mayHaveUnknownTalk) {
    return talkId;
  }
  const { undo } = remoteActivities(provider, timeScale);
  await pause(mayBeSentUntil - Date.now(), 'Until a lost worker can no longer order the talk');
  for (const delayMs of FIND_DELAYS_MS) {
    await pause(delayMs * timeScale, 'Until the next search for a lost talk');
    const found = await undo.findTalk(toLostTalk(talk));
    if (found) {
      return found.talkId;
    }
  }
  return undefined;
}

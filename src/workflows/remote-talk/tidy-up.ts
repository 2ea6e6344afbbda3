import { log, ParentClosePolicy, startChild } from '@temporalio/workflow';
import { TIDY_UP_PREFIX } from '../../contracts/provider-gate.ts';
import { QUEUES } from '../../contracts/queues.ts';
import { ignoreFailure } from '../ignore-failure.ts';
import { type Leftovers, mayHaveTalk, toLostTalk, toRemoteThings } from './leftovers.ts';
import { pause } from './pause.ts';
import { releasePlace } from './provider-gate.ts';
import { remoteActivities } from './remote-activities.ts';

/** A new talk appears in the provider's list within seconds, or once the provider has served a request that was cut off. */
const FIND_DELAYS_MS = [0, 2_000, 5_000, 10_000, 30_000];
const POLL_INTERVAL_MS = 15_000;

/** Deletes everything in a workflow of its own, so that the end of the job does not wait for the provider. */
export async function startTidyUp(leftovers: Leftovers): Promise<void> {
  const { provider, requestId, tidyUps } = leftovers;
  if (toRemoteThings(leftovers).length > 0 || mayHaveTalk(leftovers)) {
    await startChild(tidyUpRemoteTalk, {
      workflowId: `${TIDY_UP_PREFIX}${requestId}${tidyUps > 0 ? `/${tidyUps + 1}` : ''}`,
      taskQueue: QUEUES.pipeline,
      args: [leftovers],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: `Delete what a job left at ${provider.label}`,
    });
  }
}

/** Ends once nothing of the job is left at the provider. Waits for a talk that is still in progress. */
export async function tidyUpRemoteTalk(leftovers: Leftovers): Promise<void> {
  const { provider, requestId, timeScale, hasPlace } = leftovers;
  const { undo } = remoteActivities(provider, timeScale);
  const talkId = await findTalkId(leftovers);
  const uploads = toRemoteThings(leftovers).filter(({ what }) => what !== 'talk');
  const results = await Promise.allSettled([
    (async () => {
      if (talkId) {
        await undo.deleteRemote({ what: 'talk', id: talkId });
      }
      if (hasPlace) {
        await releasePlace(provider.name, requestId);
      }
    })(),
    ...uploads.map(({ what, id }) => undo.deleteRemote({ what, id })),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    log.error('Could not delete everything of a job at the provider', { provider: provider.name, requestId });
    throw failed.reason;
  }
}

/** Gives the job's place back once its talk has ended, while the talk itself is kept for a retry. */
export async function releasePlaceAfterTalk(leftovers: Leftovers): Promise<void> {
  const { provider, requestId, timeScale, hasPlace } = leftovers;
  if (!hasPlace) {
    return;
  }
  const { undo } = remoteActivities(provider, timeScale);
  const talkId = await findTalkId(leftovers);
  const isInProgress = async () => {
    const talk = talkId && (await ignoreFailure(undo.readTalk({ talkId }), 'a talk that failed is an error'));
    return talk && talk.state !== 'done';
  };
  while (await isInProgress()) {
    await pause(POLL_INTERVAL_MS * timeScale, 'Until the next poll of a talk that is kept for a retry');
  }
  await releasePlace(provider.name, requestId);
}

async function findTalkId(leftovers: Leftovers): Promise<string | undefined> {
  const { provider, timeScale, talkId, mayHaveUnknownTalk } = leftovers;
  if (talkId || !mayHaveUnknownTalk) {
    return talkId;
  }
  const { undo } = remoteActivities(provider, timeScale);
  for (const delayMs of FIND_DELAYS_MS) {
    await pause(delayMs * timeScale, 'Until the next search for a lost talk');
    const found = await undo.findTalk(toLostTalk(leftovers));
    if (found) {
      return found.talkId;
    }
  }
  return undefined;
}

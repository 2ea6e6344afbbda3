import { log, ParentClosePolicy, startChild } from '@temporalio/workflow';
import type { RemoteThing } from '../../contracts/job.ts';
import { QUEUES } from '../../contracts/queues.ts';
import { pause } from './pause.ts';
import { leavePlace } from './provider-gate.ts';
import { remoteActivities } from './remote-activities.ts';
import type { Media } from './upload-media.ts';

/** What a job has left at the provider, as far as it knows. */
export interface Remains {
  requestId: string;
  timeScale: number;
  /** Whether a talk may be there whose name is not known. */
  mayHaveTalk: boolean;
  /** When a talk was asked for first, ISO 8601: the provider has none from before. */
  askedAt?: string;
  /** Whether one of the places at the provider is the job's: as long as its talk may be worked on. */
  hasPlace?: boolean;
  talkId?: string | undefined;
  portraitId?: string | undefined;
  voiceId?: string | undefined;
  /** What is there to make a talk of. */
  media?: Media | undefined;
  /** How often something of the job was deleted there. */
  tidied?: number;
}

/** A talk that nobody knows of appears in the list within seconds, or when the request that was cut off has been served. */
const LOOKS_MS = [0, 2_000, 5_000, 10_000, 30_000];

/** Between looks at a talk that nobody waits for. */
const LATER_LOOK_MS = 15_000;

/** Deletes it all in a workflow of its own, so that the job's end does not wait for the provider. */
export async function leaveTidyUp(remains: Remains): Promise<void> {
  const { portraitId, voiceId, requestId } = remains;
  if (portraitId || voiceId || mayHaveTalk(remains)) {
    await startChild(tidyUpRemoteTalk, {
      workflowId: remains.tidied ? `tidy-up/${requestId}/${remains.tidied + 1}` : `tidy-up/${requestId}`,
      taskQueue: QUEUES.pipeline,
      args: [remains],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      staticSummary: 'Delete at D-ID what a job left there',
    });
  }
}

/** Whether D-ID may be, or may have been, at work for the job. */
export function mayHaveTalk(remains: Remains): boolean {
  return remains.mayHaveTalk || remains.talkId !== undefined;
}

/** What the provider's list is searched for. */
export function toLostTalk({ requestId, askedAt }: Remains): { requestId: string; createdSince?: string } {
  return { requestId, ...(askedAt !== undefined && { createdSince: askedAt }) };
}

export function toRemote({ talkId, portraitId, voiceId }: Remains): RemoteThing[] {
  return [
    ...(talkId ? [{ what: 'talk' as const, id: talkId }] : []),
    ...(portraitId ? [{ what: 'portrait' as const, id: portraitId }] : []),
    ...(voiceId ? [{ what: 'voice' as const, id: voiceId }] : []),
  ];
}

/** As `leaveTidyUp`; nothing is left afterwards. */
export async function clearRemains(remains: Remains): Promise<void> {
  await leaveTidyUp(remains);
  const nothing = { talkId: undefined, portraitId: undefined, voiceId: undefined, media: undefined };
  Object.assign(remains, {
    ...nothing,
    mayHaveTalk: false,
    hasPlace: false,
    tidied: (remains.tidied ?? 0) + 1,
  });
}

/** Ends when nothing of the job is at the provider any more; a talk that is still worked on is waited for. */
export async function tidyUpRemoteTalk(remains: Remains): Promise<void> {
  const { undo } = remoteActivities(remains.timeScale);
  const talkId = remains.talkId ?? (remains.mayHaveTalk ? await findLostTalk(remains) : undefined);
  const deletions = [
    (async () => {
      await (talkId && undo.deleteRemote({ what: 'talk', id: talkId }));
      await leavePlace('d-id', remains);
    })(),
    remains.portraitId && undo.deleteRemote({ what: 'portrait', id: remains.portraitId }),
    remains.voiceId && undo.deleteRemote({ what: 'voice', id: remains.voiceId }),
  ];
  const results = await Promise.allSettled(deletions);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    log.error('Something of a job stays at the provider', { requestId: remains.requestId });
    throw failed.reason;
  }
}

/** Gives a job's place back when its talk has come to an end that nobody waits for. */
export async function leavePlaceLater(remains: Remains): Promise<void> {
  const { undo } = remoteActivities(remains.timeScale);
  const talkId = remains.talkId ?? (remains.mayHaveTalk ? await findLostTalk(remains) : undefined);
  while (remains.hasPlace) {
    // What D-ID says of a talk that failed is an error.
    const talk = talkId && (await undo.readTalk({ talkId }).catch(() => undefined));
    if (!talk || talk.state === 'done') {
      await leavePlace('d-id', remains);
    } else {
      await pause(LATER_LOOK_MS * remains.timeScale, 'Until a talk that nobody waits for is looked at again');
    }
  }
}

async function findLostTalk(remains: Remains): Promise<string | undefined> {
  const { timeScale } = remains;
  const { undo } = remoteActivities(timeScale);
  for (const pauseMs of LOOKS_MS) {
    await pause(pauseMs * timeScale, 'Until a lost talk is looked for again');
    const found = await undo.findTalk(toLostTalk(remains));
    if (found) {
      return found.talkId;
    }
  }
}

import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { ProviderTerms } from '../../contracts/provider-gate.ts';
import { undo } from '../activities.ts';
import { affordTalk } from '../remote-talk/afford-talk.ts';
import { clearRemains, mayHaveTalk, type Remains, toRemote } from '../remote-talk/leftovers.ts';
import { isOutage } from '../remote-talk/outage.ts';
import { talkWithDId } from '../remote-talk/remote-talk.ts';
import type { Talk, TalkJob } from './talk.ts';
import { talkLocally } from './talk-locally.ts';

/** Who makes the video, known before the work that would be lost without: D-ID on its terms, or one of our own machines. */
export type Renderer =
  | { name: 'local' | 'lip-sync'; isDegraded: boolean }
  | { name: 'd-id'; terms: ProviderTerms };

const INSTEAD: Renderer = { name: 'local', isDegraded: true };

export async function chooseRenderer({
  options,
  voiceS,
  progress,
}: Omit<TalkJob, 'compensations' | 'record' | 'remains'>): Promise<Renderer> {
  if (options.provider !== 'd-id') {
    return { name: options.provider, isDegraded: false };
  }
  try {
    const terms = await affordTalk(voiceS, options.onOutage, (message, details) =>
      progress.enter('UPLOAD_COMPLETE', message, details),
    );
    return { name: 'd-id', terms };
  } catch (error) {
    return takeOver(error, options.onOutage === 'local');
  }
}

/** The video by whom it was to be made, or by the built-in renderer where that was asked for and the provider is out. */
export async function makeTalk(job: TalkJob, renderer: Renderer): Promise<Talk & { isDegraded: boolean }> {
  job.compensations.add('video', () =>
    undo.discard({ keys: [job.keys.video, job.keys.thumbnail], prefixes: [job.keys.parts] }),
  );
  if (renderer.name !== 'd-id') {
    return { ...(await talkLocally(job, renderer.name)), isDegraded: renderer.isDegraded };
  }
  const { timeScale } = renderer.terms;
  job.remains ??= { requestId: job.taskId, timeScale, mayHaveTalk: false };
  const remains: Remains = job.remains;
  job.compensations.add(
    'talk and uploads at D-ID',
    () => clearRemains(remains),
    // Paid for, or perhaps: a retry takes it up.
    () => mayHaveTalk(remains),
  );
  try {
    const talk = await talkWithDId(job, renderer.terms, remains);
    job.record.leaveRemote(toRemote(remains));
    return { ...talk, isDegraded: false };
  } catch (error) {
    takeOver(error, job.options.onOutage === 'local');
    await CancellationScope.nonCancellable(() => clearRemains(remains));
    return { ...(await talkLocally(job, 'local')), isDegraded: true };
  }
}

function takeOver(error: unknown, mayTakeOver: boolean): Renderer {
  if (!mayTakeOver || isCancellation(error) || !isOutage(error)) {
    throw error;
  }
  return INSTEAD;
}

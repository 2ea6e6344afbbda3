import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { ProviderTerms } from '../../contracts/provider-gate.ts';
import type { JobInput, LocalProviderFacts, RemoteThing } from '../../contracts/schemas/job.ts';
import { renderActivities, undo } from '../activities.ts';
import { waitForDiskSpace } from '../disk-space-wait.ts';
import { affordTalk } from '../remote-talk/afford-talk.ts';
import { type Leftovers, toRemoteThings, toUndoName } from '../remote-talk/leftovers.ts';
import { isOutage } from '../remote-talk/outage.ts';
import { RemoteTalk } from '../remote-talk/remote-talk.ts';
import type { Talk, TalkJob } from './talk.ts';

/** What makes the video: the remote provider on the operator's terms, or one of our own renderers. */
export type Renderer =
  | { kind: 'remote'; terms: ProviderTerms }
  | { kind: 'local'; provider: LocalProviderFacts; isDegraded: boolean };

/** The talk of a job whose provider is a remote one; takes up what an earlier attempt left there. */
export function openRemoteTalk({ taskId, provider, resume }: JobInput): RemoteTalk | undefined {
  return provider.kind === 'remote'
    ? new RemoteTalk(provider, taskId, resume?.leftovers as Leftovers | undefined)
    : undefined;
}

/** Decides before any work that would be lost if the account cannot pay. */
export async function chooseRenderer(
  job: Pick<TalkJob, 'provider' | 'fallback' | 'options' | 'voiceS' | 'progress'>,
): Promise<Renderer> {
  const { provider, options, voiceS, progress } = job;
  if (provider.kind === 'local') {
    return { kind: 'local', provider, isDegraded: false };
  }
  try {
    const terms = await affordTalk(provider, voiceS, options.on_outage, (message, details) =>
      progress.enter('UPLOAD_COMPLETE', message, details),
    );
    return { kind: 'remote', terms };
  } catch (error) {
    return takeOver(error, job);
  }
}

/** Uses the chosen renderer. Falls back to a local one if the provider is out and the job allows it. */
export async function makeTalk(
  job: TalkJob,
  renderer: Renderer,
): Promise<Talk & { isDegraded: boolean; remote: RemoteThing[] }> {
  const { keys, provider, compensations, progress } = job;
  compensations.add('video', () =>
    undo.discard({ keys: [keys.video, keys.thumbnail], prefixes: [keys.parts] }),
  );
  if (renderer.kind === 'local') {
    return render(job, renderer);
  }
  const remoteTalk = job.remoteTalk!;
  compensations.add(
    toUndoName(provider),
    () => remoteTalk.clear(),
    // A retry takes it up, as it may be paid.
    () => remoteTalk.mayExist,
  );
  try {
    const talk = await remoteTalk.make({
      portraitKey: keys.portrait,
      voiceKey: keys.voice,
      videoKey: keys.video,
      voiceS: job.voiceS,
      onOutage: job.options.on_outage,
      terms: renderer.terms,
      onProgress: (stage, message, details) => progress.enter(stage, message, details),
      onPaid: job.onPaid,
      onDiskFull: job.onDiskFull,
    });
    const remote = remoteTalk.leftovers ? toRemoteThings(remoteTalk.leftovers) : [];
    return { provider: provider.name, ...talk, warnings: [], isDegraded: false, remote };
  } catch (error) {
    const substitute = takeOver(error, job);
    await CancellationScope.nonCancellable(() => remoteTalk.clear());
    return render(job, substitute);
  }
}

async function render(job: TalkJob, { provider, isDegraded }: Extract<Renderer, { kind: 'local' }>) {
  return { ...(await talkLocally(job, provider)), isDegraded, remote: [] };
}

/** One of our own machines renders the video, in one activity. */
async function talkLocally(
  { taskId, options, keys, progress, onDiskFull }: TalkJob,
  provider: LocalProviderFacts,
): Promise<Talk> {
  const { name, label } = provider;
  progress.enter('DID_UPLOAD', `Handing portrait and voice to ${label}`);
  progress.enter('DID_PROCESSING', `${label[0]!.toUpperCase()}${label.slice(1)} draws the frames`);
  const { renderTalk } = renderActivities(provider);
  const request = {
    requestId: taskId,
    portraitKey: keys.portrait,
    plateKey: keys.plate,
    maskKey: keys.mask,
    plateShowsPerson: options.background === 'original',
    isTransparent: options.background === 'transparent',
    voiceKey: keys.voice,
    videoKey: keys.video,
    partsPrefix: keys.parts,
  };
  const talk = await waitForDiskSpace(() => renderTalk(request), onDiskFull);
  return { provider: name, ...talk };
}

function takeOver(
  error: unknown,
  { fallback, options }: Pick<TalkJob, 'fallback' | 'options'>,
): Extract<Renderer, { kind: 'local' }> {
  const mayTakeOver = options.on_outage === 'local' && fallback?.kind === 'local';
  if (!mayTakeOver || isCancellation(error) || !isOutage(error)) {
    throw error;
  }
  return { kind: 'local', provider: fallback, isDegraded: true };
}

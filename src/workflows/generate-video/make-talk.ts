import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { ProviderTerms } from '../../contracts/provider-gate.ts';
import type { LocalProviderFacts, RemoteThing, StoredObject } from '../../contracts/schemas/job.ts';
import { checkActivities, renderActivities, undo } from '../activities.ts';
import { affordTalk } from '../remote-talk/afford-talk.ts';
import { toRemoteThings, toUndoName } from '../remote-talk/leftovers.ts';
import { isOutage } from '../remote-talk/outage.ts';
import type { RemoteTalk } from '../remote-talk/remote-talk.ts';
import { waitForStorage } from '../storage-wait.ts';
import type { Job } from './job.ts';

/** What makes the video: the remote provider on the operator's terms, or one of our own renderers. */
export type Renderer = { kind: 'remote'; terms: ProviderTerms } | LocalRenderer;

interface LocalRenderer {
  kind: 'local';
  provider: LocalProviderFacts;
  isDegraded: boolean;
}

/** The talking video, stored under the job's key. */
export interface Talk {
  /** Name of the provider that made it. */
  provider: string;
  video: StoredObject;
  durationS: number;
  warnings: string[];
  /** Whether a local renderer stood in for the chosen provider. */
  isDegraded: boolean;
  /** What the job leaves at the provider, to be erased with the task. */
  remote: RemoteThing[];
}

/**
 * Returns the remote provider with its terms, or a local renderer. With `on_outage=wait`, waits until the account can pay.
 * Otherwise falls back or rejects if it cannot pay or the provider is down.
 */
export async function chooseRenderer(job: Job, voiceS: number): Promise<Renderer> {
  const { provider, options } = job.input;
  if (provider.kind === 'local') {
    return { kind: 'local', provider, isDegraded: false };
  }
  try {
    const terms = await affordTalk(provider, voiceS, options.on_outage, (message, details) =>
      job.progress.enter('UPLOAD_COMPLETE', message, details),
    );
    return { kind: 'remote', terms };
  } catch (error) {
    return chooseFallback(error, job);
  }
}

/** Uses the chosen renderer. Falls back to a local one if the provider is down and the job allows it. */
export async function makeTalk(job: Job, renderer: Renderer, voiceS: number): Promise<Talk> {
  const { keys, compensations, onStorageWait } = job;
  compensations.add(
    'video',
    () => undo.discard({ keys: [keys.video, keys.thumbnail], prefixes: [keys.parts] }, onStorageWait),
    // The provider gives a paid video out for a day only, and a retry may come later.
    () => job.remoteTalk?.isFetched ?? false,
  );
  if (renderer.kind === 'local') {
    return talkLocally(job, renderer);
  }
  const remoteTalk = job.remoteTalk!;
  if (!remoteTalk.mayExist) {
    await checkPortrait(job);
  }
  compensations.add(
    toUndoName(job.input.provider),
    () => remoteTalk.clear(),
    // A retry takes it up, as it may be paid.
    () => remoteTalk.mayExist,
  );
  try {
    return await talkRemotely(job, remoteTalk, renderer.terms, voiceS);
  } catch (error) {
    const fallback = chooseFallback(error, job);
    await CancellationScope.nonCancellable(() => remoteTalk.clear());
    return talkLocally(job, fallback);
  }
}

/** Rejects a covered mouth before anything is paid: a provider would draw another mouth on top of it. */
async function checkPortrait({ input: { fallback }, keys, onStorageWait }: Job): Promise<void> {
  if (fallback) {
    const request = { portraitKey: keys.portrait, maskKey: keys.mask };
    await waitForStorage(() => checkActivities(fallback).checkPortrait(request), { onWait: onStorageWait });
  }
}

async function talkRemotely(
  { input, keys, progress, record, onStorageWait }: Job,
  remoteTalk: RemoteTalk,
  terms: ProviderTerms,
  voiceS: number,
): Promise<Talk> {
  const talk = await remoteTalk.make({
    portraitKey: keys.portrait,
    voiceKey: keys.voice,
    videoKey: keys.video,
    voiceS,
    onOutage: input.options.on_outage,
    terms,
    onProgress: (stage, message, details) => progress.enter(stage, message, details),
    onPaid: (usage) => record.addUsage(usage),
    onStorageWait,
  });
  const remote = remoteTalk.leftovers ? toRemoteThings(remoteTalk.leftovers) : [];
  return { provider: input.provider.name, ...talk, isDegraded: false, remote };
}

/** One of our own machines renders the video, in one activity. */
async function talkLocally(
  { input, keys, progress, onStorageWait }: Job,
  { provider, isDegraded }: LocalRenderer,
): Promise<Talk> {
  const { name, label } = provider;
  const { taskId, options } = input;
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
    ...(options.long_side_px !== undefined && { longSidePx: options.long_side_px }),
    voiceKey: keys.voice,
    videoKey: keys.video,
    partsPrefix: keys.parts,
  };
  const talk = await waitForStorage(() => renderTalk(request), { onWait: onStorageWait });
  return { provider: name, ...talk, isDegraded, remote: [] };
}

/** The local renderer, if the provider is down and the job was submitted with `on_outage=local`. Otherwise rejects. */
function chooseFallback(error: unknown, { input: { fallback, options } }: Job): LocalRenderer {
  const mayFallBack = options.on_outage === 'local' && fallback?.kind === 'local';
  if (!mayFallBack || isCancellation(error) || !isOutage(error)) {
    throw error;
  }
  return { kind: 'local', provider: fallback, isDegraded: true };
}

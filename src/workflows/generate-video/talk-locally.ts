import type { LocalProviderFacts } from '../../contracts/schemas/job.ts';
import { renderActivities } from '../activities.ts';
import { waitForDiskSpace } from '../disk-space-wait.ts';
import type { Talk, TalkJob } from './talk.ts';

/** One of our own machines renders the video, in one activity. */
export async function talkLocally(
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

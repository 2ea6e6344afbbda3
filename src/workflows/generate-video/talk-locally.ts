import { lipSync, render } from '../activities.ts';
import type { Talk, TalkJob } from './talk.ts';

/** Our own machines make the video, by the warp or by a lip-sync network: the talk lives in the activity that makes it. */
export async function talkLocally(
  { taskId, options, keys, progress }: TalkJob,
  provider: 'local' | 'lip-sync',
): Promise<Talk> {
  const name = provider === 'local' ? 'the built-in renderer' : 'the lip-sync network';
  progress.enter('DID_UPLOAD', `Handing portrait and voice to ${name}`);
  progress.enter('DID_PROCESSING', `${name.replace('the', 'The')} draws the frames`);
  const { renderTalk } = provider === 'local' ? render : lipSync;
  const talk = await renderTalk({
    requestId: taskId,
    portraitKey: keys.portrait,
    plateKey: keys.plate,
    maskKey: keys.mask,
    plateShowsPerson: options.background === 'original',
    isTransparent: options.background === 'transparent',
    voiceKey: keys.voice,
    videoKey: keys.video,
    partsPrefix: keys.parts,
  });
  return { provider, ...talk };
}

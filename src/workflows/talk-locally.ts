import { render } from './activities.ts';
import type { Talk, TalkJob } from './talk.ts';

/** The built-in renderer makes the video: the talk lives in the activity that makes it. */
export async function talkLocally({ taskId, options, keys, progress }: TalkJob): Promise<Talk> {
  progress.enter('DID_UPLOAD', 'Handing portrait and voice to the built-in renderer');
  progress.enter('DID_PROCESSING', 'The built-in renderer draws the frames');
  const talk = await render.renderTalk({
    requestId: taskId,
    portraitKey: keys.portrait,
    plateKey: keys.plate,
    maskKey: keys.mask,
    plateShowsPerson: options.background === 'original',
    voiceKey: keys.voice,
    videoKey: keys.video,
    partsPrefix: keys.parts,
  });
  return { provider: 'local', ...talk };
}

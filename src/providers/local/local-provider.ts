import type { SlotPool } from '../../slots/slot-task.ts';
import type { RenderedTalk, TalkProgress, VideoProvider } from '../video-provider.ts';
import type { RenderTalkInput } from './render-task.ts';

/** The renderer that is built in: a warp of the photo in a child process, no network, no cost. */
export function createLocalProvider({
  pool,
}: {
  pool: SlotPool<RenderTalkInput, RenderedTalk, TalkProgress>;
}): VideoProvider {
  return {
    name: 'local',
    render: (request, videoPath, options) => pool.run({ request, videoPath }, options),
  };
}

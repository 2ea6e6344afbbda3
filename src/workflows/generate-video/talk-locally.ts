import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { RenderActivities } from '../../activities/render.ts';
import type { LocalProviderFacts } from '../../contracts/schemas/job.ts';
import { withRoom } from '../disk-space-wait.ts';
import type { Talk, TalkJob } from './talk.ts';

/** One of our own machines renders the video, in one activity. */
export async function talkLocally(
  { taskId, options, keys, progress }: TalkJob,
  { name, label, queue }: LocalProviderFacts,
): Promise<Talk> {
  progress.enter('DID_UPLOAD', `Handing portrait and voice to ${label}`);
  progress.enter('DID_PROCESSING', `${label[0]!.toUpperCase()}${label.slice(1)} draws the frames`);
  const talk = await renderOn(queue, label).renderTalk({
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
  return { provider: name, ...talk };
}

function renderOn(taskQueue: string, label: string) {
  return withRoom(
    proxyActivities<RenderActivities>({
      taskQueue,
      // Long after the renderer's own limit (`RENDER_TIMEOUT_S`), which replaces a process that hangs.
      startToCloseTimeout: '4 hours',
      // Slots send a heartbeat twice a second, so a killed worker is noticed after this long.
      heartbeatTimeout: '5 s',
      retry: {
        maximumAttempts: 3,
        initialInterval: '500 ms',
        backoffCoefficient: 2,
        maximumInterval: '10 s',
      },
      // Otherwise the undo could run before the last write of the activity.
      cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
      summary: `Render the talking video with ${label}`,
    }),
  );
}

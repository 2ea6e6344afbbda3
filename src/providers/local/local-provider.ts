import { PipelineError } from '../../errors.ts';
import type { RendererPool } from '../../ports/provider.ts';
import type { VideoProvider } from '../../ports/video-provider.ts';

/** The renderer that is built in: a warp of the photo in a child process, no network, no cost. */
export function createLocalProvider({ pool }: { pool: RendererPool }): VideoProvider {
  return {
    name: 'local',
    render: (request, videoPath, options) => pool.run({ request, videoPath }, options),
  };
}

/** Frames of the same renderer whose mouth a lip-sync network draws; without such a model it says so. */
export function createLipSyncProvider({ pool }: { pool: RendererPool | undefined }): VideoProvider {
  return {
    name: 'lip-sync',
    async render(request, videoPath, options) {
      options.signal.throwIfAborted();
      if (!pool) {
        throw new PipelineError(
          'MODEL_MISSING',
          'There is no lip-sync model: no manifest of MODELS_DIR or of the pulled models has one for the task "lip-sync" ' +
            'with the output "wav2lip". Add one, or send the job with provider=local.',
        );
      }
      return pool.run({ request, videoPath }, options);
    },
  };
}

import type { FaceCheck } from '../../contracts/schemas/photo-preview.ts';
import { PipelineError } from '../../errors.ts';
import type { RendererPool } from '../../ports/provider.ts';
import type { RenderedTalk, VideoProvider } from '../../ports/video-provider.ts';

/** The built-in renderer: warps the photo in a child process, without network or cost. */
export function createLocalProvider({ pool }: { pool: RendererPool }): VideoProvider {
  return rendererOf('local', () => pool);
}

/**
 * The same renderer, with a lip-sync network that draws the mouth. Rejects with MODEL_MISSING if there is no such
 * model.
 */
export function createLipSyncProvider({ pool }: { pool: RendererPool | undefined }): VideoProvider {
  return rendererOf('lip-sync', () => {
    if (!pool) {
      throw new PipelineError(
        'MODEL_MISSING',
        'There is no lip-sync model: neither MODELS_DIR nor the pulled models have one for the task "lip-sync" with the ' +
          'output "wav2lip". Add one, or submit the task with provider=local.',
      );
    }
    return pool;
  });
}

function rendererOf(name: string, getPool: () => RendererPool): VideoProvider {
  return {
    name,
    async render(request, videoPath, options) {
      options.signal.throwIfAborted();
      return (await getPool().run({ kind: 'render', request, videoPath }, options)) as RenderedTalk;
    },
    async checkPortrait(portrait, options) {
      await getPool().run({ kind: 'check', portrait }, options);
    },
    async checkFaces(request, options) {
      return (await getPool().run({ kind: 'faces', request }, options)) as FaceCheck[];
    },
  };
}

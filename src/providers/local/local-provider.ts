import type { FaceCheck } from '../../contracts/schemas/photo-preview.ts';
import type { RendererPool } from '../../ports/provider.ts';
import type { RenderedTalk, VideoProvider } from '../../ports/video-provider.ts';

/** The built-in renderer: warps the photo in a child process, without network or cost. */
export function createLocalProvider({ name, pool }: { name: string; pool: RendererPool }): VideoProvider {
  return {
    name,
    async render(request, videoPath, options) {
      options.signal.throwIfAborted();
      return (await pool.run({ kind: 'render', request, videoPath }, options)) as RenderedTalk;
    },
    async checkPortrait(portrait, options) {
      await pool.run({ kind: 'check', portrait }, options);
    },
    async checkFaces(request, options) {
      return (await pool.run({ kind: 'faces', request }, options)) as FaceCheck[];
    },
  };
}

import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TalkProgress } from '../../../src/ports/video-provider.ts';
import { createLocalProvider } from '../../../src/providers/local/local-provider.ts';
import { createRendererPool } from '../../../src/providers/local/renderer-pool.ts';
import { needs } from '../../harness/needs.ts';
import { mediaDir, modelsDir } from '../../harness/shared-media.ts';
import { buzz, photoRequest, writeVoice } from './talk-files.ts';

needs('MODELS_DIR', 'MEDIA_DIR').describe('the local provider, with real models and media', () => {
  let folder: string;
  let pool: Awaited<ReturnType<typeof createRendererPool>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'provider-'));
    pool = await createRendererPool(
      {
        models: { dir: modelsDir, cacheDir: folder },
        render: { slots: 1, timeoutMs: 120_000, longSidePx: 512, mark: true, provenance: true },
        onnx: { threads: 1 },
        slots: { confinement: 'auto', scratch: folder },
      },
      pino({ level: 'silent' }),
    );
    await pool.ready();
  });
  afterAll(async () => {
    await pool[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it('renders in its own process, reports its progress, and survives an abort', async () => {
    const provider = createLocalProvider({ name: 'local', pool });
    const voicePath = await writeVoice(
      join(folder, 'voice.wav'),
      buzz(3, (time) => time % 0.5 < 0.3),
    );
    const request = await photoRequest(folder, join(mediaDir!, 'people', 'u2_man.jpg'), voicePath);
    const stop = new AbortController();
    const aborted = provider.render(request, join(folder, 'aborted.mp4'), {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(aborted).rejects.toThrow('enough');

    const progress: TalkProgress[] = [];
    const video = join(folder, 'talk.mp4');
    const talk = await provider.render(request, video, {
      signal: new AbortController().signal,
      onProgress: (step) => progress.push(step),
    });

    expect(talk).toMatchObject({ heightPx: 512, durationS: 3, warnings: [] });
    expect(progress.at(-1)).toEqual({ frame: 75, frames: 75 });
    expect((await stat(video)).size).toBeGreaterThan(50_000);
  }, 120_000);
});

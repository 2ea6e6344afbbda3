import { tmpdir } from 'node:os';
import { pino } from 'pino';
import { createLocalProvider } from '../../src/providers/local/local-provider.ts';
import { createRendererPool } from '../../src/providers/local/renderer-pool.ts';
import { needs } from '../harness/needs.ts';
import { modelsDir } from '../harness/shared-media.ts';
import { toTalkMaker, videoProviderSuite } from '../suites/video-provider.ts';

needs('MODELS_DIR').describe('with real models', () => {
  videoProviderSuite('the built-in renderer', async () => {
    const pool = await createRendererPool(
      {
        models: { dir: modelsDir, cacheDir: tmpdir() },
        render: { slots: 1, timeoutMs: 120_000, longSidePx: 512, mark: true, provenance: true },
        onnx: { threads: 1 },
        slots: { confinement: 'auto', scratch: tmpdir() },
      },
      pino({ level: 'silent' }),
    );
    await pool.ready();
    return toTalkMaker(createLocalProvider({ name: 'local', pool }), pool);
  });
});

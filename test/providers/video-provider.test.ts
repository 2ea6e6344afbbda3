import { tmpdir } from 'node:os';
import { pino } from 'pino';
import { describe } from 'vitest';
import { createLocalProvider } from '../../src/providers/local/local-provider.ts';
import { createRendererPool } from '../../src/providers/local/renderer-pool.ts';
import { modelsDir } from '../harness/shared-media.ts';
import { toTalkMaker, videoProviderSuite } from '../suites/video-provider.ts';

describe.skipIf(!modelsDir)('with the models of MODELS_DIR', () => {
  videoProviderSuite('the built-in renderer', async () => {
    const pool = await createRendererPool(
      {
        models: { dir: modelsDir, cacheDir: tmpdir() },
        render: { slots: 1, timeoutMs: 120_000, longSidePx: 512, mark: true, provenance: true },
        onnx: { threads: 1 },
      },
      pino({ level: 'silent' }),
    );
    await pool.ready();
    return toTalkMaker(createLocalProvider({ pool }), pool);
  });
});

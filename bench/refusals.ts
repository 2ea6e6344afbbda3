import { openAsBlob } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mediaDir, modelsDir } from '../test/harness/shared-media.ts';
import { startWorkerStack } from '../test/harness/stack/worker-stack.ts';
import { type Bench, percentile } from './bench.ts';

const FOLDER = 'no-person';

export const refusals: Bench = {
  name: 'refusals',
  title: 'from submitting a photo without a talking face to the answer that says so',
  unavailable: () =>
    modelsDir && mediaDir ? undefined : 'set MODELS_DIR and MEDIA_DIR to real models, photos and recordings',
  async run() {
    await using stack = await startWorkerStack();
    const times: number[] = [];
    for (const photo of await readdir(join(mediaDir ?? '', FOLDER))) {
      const form = new FormData();
      form.set('image', await openAsBlob(join(mediaDir ?? '', FOLDER, photo)), photo);
      form.set('audio', await openAsBlob(join(mediaDir ?? '', 'audio/jfk.wav')), 'jfk.wav');
      const start = performance.now();
      const answer = await fetch(`${stack.apiUrl}/api/pipeline/generate?wait=60`, {
        method: 'POST',
        body: form,
      });
      const { success } = (await answer.json()) as { success: boolean };
      if (success !== false) throw new Error(`${photo} was not refused`);
      times.push((performance.now() - start) / 1000);
    }
    return [
      { what: 'p50', value: percentile(times, 0.5), unit: 's' },
      { what: 'slowest', value: Math.max(...times), unit: 's', atMost: 5 },
    ];
  },
};

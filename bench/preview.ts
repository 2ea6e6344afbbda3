import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { PhotoPreview } from '../src/contracts/schemas/photo-preview.ts';
import { startWorkerStack } from '../test/harness/stack/worker-stack.ts';
import { type Bench, percentile, type Row } from './bench.ts';

const PREVIEWS = 20;
const PORTRAIT = fileURLToPath(new URL('../samples/portrait.jpg', import.meta.url));
const MODELS = fileURLToPath(new URL('../models', import.meta.url));

export const preview: Bench = {
  name: 'preview',
  title: `${PREVIEWS} previews of a photo of 12 megapixels, from the drop to the bytes of the cut-out`,
  async run() {
    await using stack = await startWorkerStack({ MODELS_DIR: MODELS });
    const measured: Array<{ ms: number; answerMs: number }> = [];
    // The first ones include reading pages for the first time.
    for (let round = -2; round < PREVIEWS; round += 1) {
      const one = await makePreview(stack.apiUrl, await takePhoto(round));
      if (round >= 0) measured.push(one);
      await untilIdle(stack, round + 3);
    }
    const times = measured.map(({ ms }) => ms);
    const answers = measured.map(({ answerMs }) => answerMs);
    const row = (what: string, values: number[], at: number): Row => ({
      what,
      value: percentile(values, at),
      unit: 'ms',
    });
    return [
      { ...row('drop to cut-out, p50', times, 0.5), atMost: 1000 },
      row('drop to cut-out, p95', times, 0.95),
      row('of it until the answer, p50', answers, 0.5),
    ];
  },
};

/** The sample portrait enlarged, with grain that differs each time, so that nothing is cached. */
async function takePhoto(round: number): Promise<Buffer> {
  const size = { width: 4000, height: 3000 };
  const grain = await sharp({
    create: {
      ...size,
      channels: 3,
      background: '#808080',
      noise: { type: 'gaussian', mean: 128, sigma: 4 + round / 10 },
    },
  })
    .png({ compressionLevel: 0 })
    .toBuffer();
  return sharp(PORTRAIT)
    .resize({ ...size, fit: 'cover', position: 'top' })
    .composite([{ input: grain, blend: 'soft-light' }])
    .jpeg({ quality: 88 })
    .toBuffer();
}

async function makePreview(url: string, photo: Buffer): Promise<{ ms: number; answerMs: number }> {
  const form = new FormData();
  form.set('image', new Blob([new Uint8Array(photo)]));
  const from = performance.now();
  const answer = await fetch(`${url}/api/pipeline/previews`, { method: 'POST', body: form });
  const { cutout_url } = (await answer.json()) as PhotoPreview;
  const answerMs = performance.now() - from;
  if (!cutout_url) throw new Error(`Expected a cut-out but received ${answer.status}.`);
  await (await fetch(url + cutout_url)).arrayBuffer();
  return { ms: performance.now() - from, answerMs };
}

/** A person looks at the cut-out for longer than its cache entries take. */
async function untilIdle(
  { store }: Awaited<ReturnType<typeof startWorkerStack>>,
  entries: number,
): Promise<void> {
  for (;;) {
    const keys = await Array.fromAsync(store.list('cache/cutout/'), ({ key }) => key);
    if (keys.filter((key) => key.endsWith('entry.json')).length >= entries) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * `node scripts/web-ui-screenshots.ts`: what an operator sees in Temporal's Web UI, for docs/operations.md. Real jobs on
 * the whole stack: one that made a video, one whose photo shows nobody, one that waits for a D-ID that does not answer.
 */
import { mkdirSync, openAsBlob } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { createLimelightClient } from '../src/client/limelight-client.ts';
import { openBrowser } from '../test/browser/browser.ts';
import { startMonitored } from '../test/deploy/monitored-stack.ts';

const ROOT = join(import.meta.dirname, '..');
const IMAGES = join(ROOT, 'docs/images');
const SAMPLES = join(ROOT, 'samples');

await using stack = await startMonitored({
  // Nothing listens there: as D-ID looks in an outage.
  D_ID_API_URL: 'http://127.0.0.1:9',
  D_ID_API_KEY: 'screen:shots',
});
const client = createLimelightClient({ baseUrl: stack.apiUrl });
const portrait = await openAsBlob(join(SAMPLES, 'portrait.jpg'));
const audio = await openAsBlob(join(SAMPLES, 'voice.wav'));
const nobody = new Blob([
  new Uint8Array(
    await sharp({ create: { width: 800, height: 600, channels: 3, background: '#88aacc' } })
      .jpeg()
      .toBuffer(),
  ),
]);
const submit = async (image: Blob, provider: string) =>
  (await client.submit({ image, audio, fields: { provider } })).task_id;

const [made, refused, waiting] = [
  await submit(portrait, 'local'),
  await submit(nobody, 'local'),
  await submit(portrait, 'd-id'),
];
await client.wait(made);
await client.wait(refused);
while ((await client.status(waiting)).stage !== 'DID_UPLOAD') {
  await new Promise((resolve) => setTimeout(resolve, 500));
}

mkdirSync(IMAGES, { recursive: true });
const browser = await openBrowser();
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
/** @param height of what is shown; below it a failure has the paths of the machine that it happened on. */
const shoot = async (name: string, path: string, settled: string, height = 900) => {
  await page.goto(`${stack.webUiUrl}/namespaces/default/${path}`);
  await page.getByText(settled).first().waitFor({ timeout: 60_000 });
  // The page fills its tables after the words are there.
  await page.waitForTimeout(2_000);
  await page.screenshot({
    path: join(IMAGES, `web-ui-${name}.jpg`),
    type: 'jpeg',
    quality: 80,
    clip: { x: 0, y: 0, width: 1440, height },
  });
  process.stdout.write(`docs/images/web-ui-${name}.jpg\n`);
};
const query = (text: string) => `workflows?query=${encodeURIComponent(text)}`;
await shoot('jobs', query("WorkflowType = 'generateVideo'"), made);
await shoot('filtered', query("LimelightOutcome = 'failed' AND LimelightProvider = 'local'"), refused);
await shoot('failed', `workflows/${encodeURIComponent(`video/${refused}`)}`, 'No person was found', 512);
await browser.close();
await client.cancel(waiting);

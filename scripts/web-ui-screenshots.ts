/**
 * `node scripts/web-ui-screenshots.ts`: takes the pictures of Temporal's Web UI for docs/operations.md. Runs real jobs on
 * the whole stack: a successful one, one whose photo shows no person, and one that waits for an unavailable D-ID.
 */
import { mkdirSync, openAsBlob } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { createLimelightClient } from '../src/client/limelight-client.ts';
import { openBrowser } from '../test/harness/browser/browser.ts';
import { startTestStack } from '../test/harness/stack/test-stack.ts';

const ROOT = join(import.meta.dirname, '..');
const IMAGES = join(ROOT, 'docs/images');
const SAMPLES = join(ROOT, 'samples');
const COLUMNS = [
  'Status',
  'LimelightStage',
  'LimelightProvider',
  'LimelightOutcome',
  'LimelightError',
  'LimelightKey',
  'Workflow ID',
  'Start',
];

await using stack = await startTestStack({
  // Nothing listens there, as in an outage of D-ID.
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
// Held, with the time of the next attempt.
while (!/next try/.test((await client.status(waiting)).message ?? '')) {
  await new Promise((resolve) => setTimeout(resolve, 500));
}

mkdirSync(IMAGES, { recursive: true });
const browser = await openBrowser();
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
// Same columns as set with the gear below the table.
await page.addInitScript((labels) => {
  const columns = { default: labels.map((label) => ({ label })) };
  localStorage.setItem('namespace-workflow-table-columns', JSON.stringify(columns));
}, COLUMNS);

/** @param height of the picture. Below it is nothing, or a stack trace with paths of this machine. */
async function shoot(name: string, height = 900): Promise<void> {
  // The page fills its tables after their headings.
  await page.waitForTimeout(3_000);
  await page.screenshot({
    path: join(IMAGES, `web-ui-${name}.jpg`),
    type: 'jpeg',
    quality: 80,
    clip: { x: 0, y: 0, width: 1440, height },
  });
  process.stdout.write(`docs/images/web-ui-${name}.jpg\n`);
}

const open = async (path: string, settled: string) => {
  await page.goto(`${stack.webUiUrl}/namespaces/default/${path}`);
  await page.getByText(settled).first().waitFor({ timeout: 60_000 });
};
const openJobs = (query: string, settled: string) =>
  open(`workflows?query=${encodeURIComponent(query)}`, settled);
const openWorkflow = (id: string, settled: string) => open(`workflows/${encodeURIComponent(id)}`, settled);
const openDetails = async (id: string) => {
  await openWorkflow(id, 'User Metadata');
  await page.getByText('User Metadata').first().click();
};

await openJobs("WorkflowType = 'generateVideo'", made);
await shoot('jobs', 480);
await openJobs("LimelightOutcome = 'failed' AND LimelightProvider = 'local'", refused);
await shoot('filtered', 480);
await openWorkflow(`video/${refused}`, 'No person was found');
await shoot('failed', 512);
await openDetails(`video/${waiting}`);
await shoot('waiting', 480);
await openDetails('provider/d-id');
await shoot('provider', 480);

await open('schedules/storage-retention', 'Upcoming Runs');
await page.locator('#schedule-actions-menu-button').click();
await page.getByText('Trigger', { exact: true }).first().click();
await page.getByRole('button', { name: 'Trigger', exact: true }).last().click();
const run = page.getByRole('link', { name: /^storage-retention-/ }).first();
while (!(await run.isVisible())) {
  await page.reload();
  await page.waitForTimeout(2_000);
}
await page.locator('#schedule-actions-menu-button').click();
await shoot('retention', 700);
await page.keyboard.press('Escape');
await run.click();
await page.getByText('duration_ms').first().waitFor();
await shoot('retention-report', 700);
await browser.close();
await client.cancel(waiting);

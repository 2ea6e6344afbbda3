import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApplicationFailure } from '@temporalio/common';
import { expect, it } from 'vitest';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { pickHiddenAddress, startWebUiProxy } from '../../src/cli/stack/web-ui-proxy.ts';
import { findTemporalBinary } from '../../src/temporal/binary.ts';
import { startCodecServer } from '../../src/temporal/codec-server.ts';
import { startDevServer } from '../../src/temporal/dev-server.ts';
import { createPayloadCodec } from '../../src/temporal/payload-codec.ts';
import { openBrowser } from '../harness/browser/browser.ts';
import { fileResources } from '../harness/file-resources.ts';
import { needs } from '../harness/needs.ts';
import { createHarness } from '../harness/pipeline-harness.ts';
import { connectTo, newPayloadKey } from '../harness/temporal-server.ts';

const SECRET = 'key-with-the-scope-admin';

needs('chromium').describe('Temporal’s Web UI with encrypted payloads', { timeout: 180_000 }, () => {
  const resources = fileResources();

  it('shows what a task was given and why it failed once its user has signed in', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'limelight-codec-'));
    resources.defer(() => rm(dir, { recursive: true, force: true }));
    const keys = [newPayloadKey()];
    const [port, uiPort] = [await freePort(), await freePort()];
    const ui = { host: pickHiddenAddress(), port: await freePort() };
    const temporal = resources.use(
      await startDevServer({ binary: findTemporalBinary(process.env), dir, port, ui }),
    );
    const codec = resources.use(
      await startCodecServer({
        codec: createPayloadCodec(keys),
        isAllowed: async (secret) => secret === SECRET,
        origin: `http://127.0.0.1:${uiPort}`,
        host: '127.0.0.1',
        port: 0,
      }),
    );
    resources.use(await startWebUiProxy(uiPort, ui, codec.url));
    const server = resources.use(await connectTo(temporal.address, 'default', keys));
    const harness = resources.use(await createHarness(server));
    const failing = async () => {
      throw ApplicationFailure.create({ type: 'SLOT_CRASHED', message: 'It fell over', nonRetryable: true });
    };
    const { handle } = await harness.run({ renderTalk: failing }, { job: { name: 'name-of-the-task' } });
    const { runId } = await handle.describe();
    const browser = await openBrowser();
    resources.defer(() => browser.close());
    const page = await browser.newPage();
    page.setDefaultTimeout(60_000);
    const open = async () => {
      await page.goto(
        `http://127.0.0.1:${uiPort}/namespaces/default/workflows/${encodeURIComponent(handle.workflowId)}/${runId}/history`,
      );
      await page.getByText('renderTalk').first().waitFor();
    };

    await open();
    await page.getByTestId('data-encoder-status-error').waitFor();
    expect(await page.content()).not.toMatch(/name-of-the-task|It fell over/);

    await page.goto(codec.url);
    await page.getByLabel('API key').fill(SECRET);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Signed in').waitFor();
    await open();
    // Summaries of steps are encrypted too.
    for (const text of ['name-of-the-task', 'It fell over', 'Find people']) {
      await expect
        .poll(async () => (await page.content()).includes(text), { timeout: 30_000, message: text })
        .toBe(true);
    }
  });
});

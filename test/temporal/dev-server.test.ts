import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { findTemporalBinary } from '../../src/temporal/binary.ts';
import { startDevServer } from '../../src/temporal/dev-server.ts';
import { startTestServer } from '../harness/temporal-server.ts';

const CALLERS = 24;
const GIVEN_UP = 6_000;
/** About as long as the server takes to read its database for an answer, with this many callers. */
const MAX_WAIT_MS = 8;

it('the server keeps answering when callers give up while it reads its database', async () => {
  await using server = await startTestServer();
  const { connection } = server.client;
  const workflowId = 'looked-at';
  await server.client.workflow.start('none', { workflowId, taskQueue: 'none' });
  const look = () =>
    connection.workflowService.describeWorkflowExecution({
      namespace: 'default',
      execution: { workflowId },
    });
  let givenUp = 0;
  const caller = async () => {
    while (givenUp < GIVEN_UP) {
      const leaving = new AbortController();
      setTimeout(() => leaving.abort(), Math.random() * MAX_WAIT_MS);
      await connection.withAbortSignal(leaving.signal, look).catch(() => {
        givenUp += 1;
      });
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));

  await expect(connection.withDeadline(Date.now() + 5_000, look)).resolves.toBeDefined();
}, 60_000);

it('a server that cannot start reports the reason', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'limelight-no-database-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  await writeFile(join(dir, 'temporal.db'), 'no database '.repeat(1_000));
  const started = startDevServer({ binary: findTemporalBinary(process.env), dir, port: await freePort() });
  await expect(started).rejects.toMatchObject({
    code: 'TEMPORAL_UNAVAILABLE',
    message: expect.stringContaining('file is not a database'),
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client, Connection } from '@temporalio/client';
import { expect, it } from 'vitest';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes.ts';
import { findTemporalBinary } from '../../src/temporal/binary.ts';
import { startDevServer } from '../../src/temporal/dev-server.ts';
import { createTemporalJobs } from '../../src/temporal/temporal-jobs.ts';
import { dropUnusedIndexes } from '../../src/temporal/visibility-indexes.ts';
import { toJobInput } from '../harness/pipeline-harness.ts';

const KEPT = [
  ...Array.from({ length: 10 }, (_, index) => `by_keyword_${String(index + 1).padStart(2, '0')}`),
  'by_status',
  'by_temporal_namespace_division',
  'by_workflow_id',
  'by_workflow_type',
  'default_idx',
];

it('the embedded server keeps the indexes that are asked by, finds jobs by our attributes with one, and by others without', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'limelight-indexes-'));
  const file = join(dir, 'temporal.db');
  const input = toJobInput();
  try {
    {
      await using server = await startDevServer({
        binary: findTemporalBinary(process.env),
        dir,
        port: await freePort(),
      });
      const connection = await Connection.connect({ address: server.address });
      await createTemporalJobs({ client: new Client({ connection }) }).start(input);
      await connection.close();
    }
    expect(indexesOf(file)).toEqual(KEPT);

    // What is there does not hinder the next start, nor does a database from before, with an index that nobody asks by.
    change(file, (database) =>
      database.exec('CREATE INDEX by_int_01 ON executions_visibility (namespace_id, Int01)'),
    );
    await using server = await startDevServer({
      binary: findTemporalBinary(process.env),
      dir,
      port: await freePort(),
    });
    expect(indexesOf(file)).toEqual(KEPT);
    const connection = await Connection.connect({ address: server.address });
    const { workflow } = new Client({ connection });
    const find = async (query: string) =>
      (await Array.fromAsync(workflow.list({ query }))).map(({ memo }) => memo?.fingerprint);
    await expect
      .poll(() => find(`${SEARCH_ATTRIBUTES.taskId}="${input.taskId}"`))
      .toEqual([input.fingerprint]);
    await expect.poll(() => find('TaskQueue="pipeline"')).toEqual([input.fingerprint]);
    await connection.close();
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

it('a database without that list is left as it is', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'limelight-indexes-'));
  const file = join(dir, 'other.db');
  change(file, (database) => database.exec('CREATE TABLE other (a); CREATE INDEX by_a ON other (a)'));
  expect(dropUnusedIndexes(file)).toEqual([]);
  await rm(dir, { recursive: true, force: true });
});

function indexesOf(file: string): string[] {
  const query =
    "SELECT name FROM sqlite_schema WHERE tbl_name = 'executions_visibility' AND type = 'index' AND sql IS NOT NULL ORDER BY name";
  return change(file, (database) => database.prepare(query).all()).map(({ name }) => String(name));
}

function change<T>(file: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

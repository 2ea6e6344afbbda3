/**
 * `download-temporal.mjs VERSION FOLDER`: lets Temporal's SDK download the CLI into the folder. The SDK downloads only
 * what it starts, so the server runs for a moment.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [version, downloadDir] = process.argv.slice(2);
try {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'cached-download', version, downloadDir, ttl: '1 day' } },
  });
  await environment.teardown();
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}

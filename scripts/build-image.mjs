/**
 * `node scripts/build-image.mjs`: builds the page and the workflow bundles into the image, because its root is read-only
 * later.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadWorkflowBundle } from '../src/temporal/workflow-bundle.ts';
import { buildPage } from './setup/page.mjs';

await buildPage(join(dirname(fileURLToPath(import.meta.url)), '..'));
for (const encryptsFailures of [false, true]) {
  await loadWorkflowBundle({ encryptsFailures });
}

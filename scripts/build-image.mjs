/**
 * `node scripts/build-image.mjs`: builds the page and the workflow bundle into the image, because its root is read-only
 * later.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadWorkflowBundle } from '../src/temporal/workflow-bundle.ts';
import { buildPage } from './setup/page.mjs';

await buildPage(join(dirname(fileURLToPath(import.meta.url)), '..'));
await loadWorkflowBundle();

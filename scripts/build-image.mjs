/**
 * `node scripts/build-image.mjs`: what an image needs besides the packages, because its root cannot be written later: the
 * page and the workflows' bundle.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadWorkflowBundle } from '../src/temporal/workflow-bundle.ts';
import { buildPage } from './setup/page.mjs';

await buildPage(join(dirname(fileURLToPath(import.meta.url)), '..'));
await loadWorkflowBundle();

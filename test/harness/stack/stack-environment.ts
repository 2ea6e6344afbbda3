import { randomUUID } from 'node:crypto';
import { freePort } from '../../../src/cli/stack/free-port.ts';

/** For a stack that no other one on this machine is in the way of. */
export async function stackEnvironment(root: string): Promise<Record<string, string | undefined>> {
  return {
    ...process.env,
    STORAGE_ROOT: root,
    API_PORT: String(await freePort()),
    TEMPORAL_PORT: String(await freePort()),
    TEMPORAL_UI_PORT: String(await freePort()),
    CUDA_VISIBLE_DEVICES: `test-${randomUUID()}`,
  };
}

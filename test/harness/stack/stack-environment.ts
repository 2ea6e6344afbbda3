import { randomUUID } from 'node:crypto';
import { freePort } from '../../../src/cli/stack/free-port.ts';

const PORTS = ['API_PORT', 'TEMPORAL_PORT', 'TEMPORAL_UI_PORT', 'IO_HTTP_PORT', 'GPU_HTTP_PORT'] as const;

/** A free port for each setting of a stack that names one. */
export async function stackPorts(): Promise<Record<(typeof PORTS)[number], string>> {
  const entries = await Promise.all(PORTS.map(async (name) => [name, String(await freePort())] as const));
  return Object.fromEntries(entries) as Record<(typeof PORTS)[number], string>;
}

/** For a stack beside others on this machine. */
export async function stackEnvironment(root: string) {
  return {
    ...process.env,
    STORAGE_ROOT: root,
    ...(await stackPorts()),
    // The device lock is the host's.
    CUDA_VISIBLE_DEVICES: `test-${randomUUID()}`,
  };
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Stack, startStack } from '../../../src/cli/stack/stack.ts';
import { loadConfig } from '../../../src/process/load-config.ts';
import { stackEnvironment } from './stack-environment.ts';

const START_TIMEOUT_MS = 180_000;

export interface TestStack extends Stack {
  webUiUrl: string;
  /** Where each process answers, as host:port. */
  processes: { api: string; io: string; gpu: string };
}

/**
 * Everything, as `npm start` runs it, on free ports and in a folder of its own, which goes with it.
 *
 * @param settings over those. A stack with the STORAGE_ROOT and ports of an earlier one continues it; that folder stays.
 */
export async function startTestStack(settings: Record<string, string | undefined> = {}): Promise<TestStack> {
  await using resources = new AsyncDisposableStack();
  const root = settings.STORAGE_ROOT ?? (await mkdtemp(join(tmpdir(), 'limelight-stack-')));
  if (!settings.STORAGE_ROOT) resources.defer(() => rm(root, { recursive: true, force: true }));
  const environment: Record<string, string | undefined> = { ...(await stackEnvironment(root)), ...settings };
  const stack = resources.use(
    await startStack({
      config: loadConfig(environment),
      environment,
      onWarning() {},
      signal: AbortSignal.timeout(START_TIMEOUT_MS),
    }),
  );
  const owned = resources.move();
  return {
    ...stack,
    webUiUrl: stack.webUiUrl!,
    processes: {
      api: new URL(stack.apiUrl).host,
      io: `127.0.0.1:${environment.IO_HTTP_PORT}`,
      gpu: `127.0.0.1:${environment.GPU_HTTP_PORT}`,
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

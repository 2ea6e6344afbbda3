import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../src/cli/stack/free-port.ts';
import { startStack } from '../../../src/cli/stack/stack.ts';
import { loadConfig } from '../../../src/process/load-config.ts';
import { stop } from '../stop.ts';
import { stackEnvironment } from './stack-environment.ts';

const DEPLOY = join(import.meta.dirname, '../../../deploy/prometheus');

export interface Monitored extends AsyncDisposable {
  apiUrl: string;
  webUiUrl: string;
  /** Where each process answers, as host:port. */
  processes: { api: string; io: string; gpu: string };
}

/** Everything, as `npm start` runs it, on free ports. */
export async function startMonitored(settings: Record<string, string>): Promise<Monitored> {
  await using resources = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'limelight-monitored-'));
  resources.defer(() => rm(root, { recursive: true, force: true }));
  const environment = {
    ...(await stackEnvironment(root)),
    ...settings,
  };
  const stack = resources.use(
    await startStack({
      config: loadConfig(environment),
      environment,
      onWarning() {},
      signal: AbortSignal.timeout(120_000),
    }),
  );
  const owned = resources.move();
  return {
    apiUrl: stack.apiUrl,
    webUiUrl: stack.webUiUrl!,
    processes: {
      api: new URL(stack.apiUrl).host,
      io: `127.0.0.1:${environment.IO_HTTP_PORT}`,
      gpu: `127.0.0.1:${environment.GPU_HTTP_PORT}`,
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

export interface Prometheus extends AsyncDisposable {
  query(path: string): Promise<unknown>;
}

/**
 * A real Prometheus over our configuration and rules, with their targets and with seconds for minutes: it looks every
 * second, and an alert waits for 1 s.
 */
export async function startPrometheus(targets: string[]): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-prometheus-'));
  const configuration = (await readFile(join(DEPLOY, 'prometheus.yml'), 'utf8'))
    .replaceAll(/interval: 15s/g, 'interval: 1s')
    .replace(/ *authorization: .*\n/, '')
    .replace(/targets: .*/, `targets: ${JSON.stringify(targets)}`);
  const rules = (await readFile(join(DEPLOY, 'rules.yml'), 'utf8')).replaceAll(/for: \d+m/g, 'for: 1s');
  await writeFile(join(folder, 'prometheus.yml'), configuration);
  await writeFile(join(folder, 'rules.yml'), rules);
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
    ],
    { stdio: 'ignore' },
  );
  return {
    async query(path) {
      const answer = await fetch(`${url}/api/v1/${path}`).catch(() => undefined);
      return answer?.ok ? ((await answer.json()) as { data: unknown }).data : undefined;
    },
    async [Symbol.asyncDispose]() {
      await stop(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

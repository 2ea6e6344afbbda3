import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../src/cli/stack/free-port.ts';
import { stop } from '../stop.ts';

const DEPLOY = join(import.meta.dirname, '../../../deploy/prometheus');

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

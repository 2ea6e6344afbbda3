import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toLocalUrl } from '../server.ts';
import { isPortFree } from '../stack/assert-port-free.ts';
import { freePort } from '../stack/free-port.ts';
import { type Check, fault, note, ok, type Result } from './finding.ts';

const ANSWER_TIMEOUT_MS = 3_000;

/** The ports are free, or used by Limelight itself. */
export const checkPorts: Check = async ({ config, signal }) => {
  const { api, temporal, worker, storage } = config;
  const url = toLocalUrl(api);
  if (await isLimelight(url, signal)) {
    return [ok(`Limelight runs at ${url}`)];
  }
  const findings: Result[] = [];
  const wanted: Array<[setting: string, port: number, host: string]> = [
    ['API_PORT', api.port, api.host],
    ['IO_HTTP_PORT', worker.ioPort, worker.host],
    ['GPU_HTTP_PORT', worker.gpuPort, worker.host],
  ];
  if (!temporal.address) {
    const { port, uiPort } = temporal.embedded;
    wanted.push(['TEMPORAL_PORT', port, '127.0.0.1']);
    if (uiPort !== undefined) {
      wanted.push(['TEMPORAL_UI_PORT', uiPort, '127.0.0.1']);
    }
  }
  const leftover = await findLeftover(storage.root);
  for (const [setting, port, host] of wanted) {
    if (port === 0 || (await isPortFree(port, host))) {
      continue;
    }
    findings.push(
      leftover && setting.startsWith('TEMPORAL')
        ? note(
            `${port} (${setting}) is in use by the Temporal server of a killed run; the next start ends it`,
          )
        : fault(
            `${port} (${setting}) is in use by another program`,
            `${setting}=${await freePort()} npm start`,
          ),
    );
  }
  return findings.length > 0
    ? findings
    : [
        ok(
          `${wanted
            .map(([, port]) => port)
            .filter(Boolean)
            .join(', ')} are free`,
        ),
      ];
};

async function isLimelight(url: string, signal: AbortSignal): Promise<boolean> {
  const timeout = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
  const answer = await fetch(new URL('/health/live', url), { signal: timeout }).catch(() => undefined);
  return (answer?.ok ?? false) && answer!.headers.has('X-Request-Id');
}

/** Whether the process that `temporal-main.ts` recorded is still alive. */
async function findLeftover(root: string): Promise<boolean> {
  const pid = Number(await readFile(join(root, 'temporal', 'server.pid'), 'utf8').catch(() => Number.NaN));
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseEnv } from 'node:util';
import { NO_FAULTS } from '../../emulators/d-id/faults.ts';
import { startEmulator } from '../../emulators/d-id/start-emulator.ts';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { MAIN } from '../harness/cli/limelight.ts';
import { startS3Server } from '../harness/s3-server.ts';
import { stackPorts } from '../harness/stack/stack-environment.ts';
import { stop } from '../harness/stop.ts';
import { readRecipes } from './recipes.ts';

export interface CookbookServer extends AsyncDisposable {
  url: string;
  /** For commands that read the server's settings. */
  environment: Record<string, string>;
  /** What a text of the page is with the addresses of this test in place of those of the page. */
  localize(text: string): string;
}

/** `limelight up` with every setting of the page at once, on ports, a bucket and a D-ID of the test's own. */
export async function startCookbookServer(folder: string, pageOrigin: string): Promise<CookbookServer> {
  await using starting = new AsyncDisposableStack();
  const s3 = starting.use(await startS3Server());
  const emulator = starting.use(await startEmulator({ port: 0 }));
  emulator.open({ apiKey: 'emulator:emulator', credits: 100, faults: NO_FAULTS });
  const ports = await stackPorts();
  const [hook, proxy] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${ports.API_PORT}`;
  await mkdir(join(s3.folder, 'limelight'));
  const replacements: Array<[string, string]> = [
    ['http://127.0.0.1:55433', url],
    ['http://127.0.0.1:55440', emulator.url],
    ['127.0.0.1:8088', `127.0.0.1:${hook}`],
    ["listen(8088, '127.0.0.1')", `listen(${hook}, '127.0.0.1')`],
    ['http://s3.example.com:9000', s3.settings.endpoint!],
    ['https://www.example.com', pageOrigin],
    ['STORAGE_S3_ACCESS_KEY_ID=key', `STORAGE_S3_ACCESS_KEY_ID=${s3.settings.credentials!.accessKeyId}`],
    ['SECRET_ACCESS_KEY=secret', `SECRET_ACCESS_KEY=${s3.settings.credentials!.secretAccessKey}`],
    // Two workers on the CPU: no other test has devices of these names.
    ['CUDA_VISIBLE_DEVICES=0,1', `CUDA_VISIBLE_DEVICES=${randomUUID()},${randomUUID()}`],
    ['listen 80;', `listen 127.0.0.1:${proxy};`],
    ['server_name limelight.example.com', 'server_name localhost'],
    ['http://limelight.example.com', `http://localhost:${proxy}`],
  ];
  const localize = (text: string) => replacements.reduce((all, [from, to]) => all.replaceAll(from, to), text);
  const settings = readRecipes()
    .flatMap(({ blocks }) => blocks)
    .filter(({ language }) => language === 'env')
    .map(({ text }) => localize(text))
    .join('\n');
  const environment = {
    ...(parseEnv(settings) as Record<string, string>),
    ...ports,
    // A worker for each of two devices: the second has the next port.
    GPU_HTTP_PORT: Number(ports.GPU_HTTP_PORT) > 65_000 ? '0' : ports.GPU_HTTP_PORT,
    STORAGE_ROOT: join(folder, 'data'),
    MODELS_DIR: '',
    TEMPORAL_ADDRESS: '',
  };
  const child = spawn(process.execPath, [MAIN, 'up'], {
    env: { ...process.env, ...environment },
    cwd: folder,
  });
  starting.defer(() => stop(child, 'SIGINT'));
  await untilReady(child);
  const resources = starting.move();
  return { url, environment, localize, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

async function untilReady(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stderr! })) {
    said.push(line);
    if (line.startsWith('Ready')) {
      child.stderr!.resume();
      return;
    }
  }
  throw new Error(`The server did not become ready:\n${said.join('\n')}`);
}

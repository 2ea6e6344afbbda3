import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/cli/stack/free-port.ts';
import type { S3Settings } from '../../src/storage/s3/s3-access.ts';

const SCRIPT = join(import.meta.dirname, '../../scripts/versitygw.mjs');
const START_TIMEOUT_MS = 30_000;
const NO_GO = 3;

/** Path of the S3 server's program, built when first needed; undefined without Go. */
export function obtainS3Program(): string | undefined {
  const { status, stdout, error } = spawnSync(process.execPath, [SCRIPT], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (error || (status !== 0 && status !== NO_GO)) {
    throw error ?? new Error(`${SCRIPT} ended with ${status}`);
  }
  return status === NO_GO ? undefined : stdout.trim();
}

export interface S3Server extends AsyncDisposable {
  settings: S3Settings;
  /** Its files: buckets are folders, objects files. */
  folder: string;
}

/** A real S3 server of the test's own with an empty bucket. Its files are in a new folder below `parent`. */
export async function startS3Server(parent = tmpdir()): Promise<S3Server> {
  const program = obtainS3Program();
  if (!program) {
    throw new Error('The S3 server is built with Go, which is missing here');
  }
  const folder = await mkdtemp(join(parent, 'limelight-s3-'));
  const bucket = 'limelight-test';
  await mkdir(join(folder, bucket));
  const port = await freePort();
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test-secret' };
  const args = ['--port', `127.0.0.1:${port}`, '--access', 'test', '--secret', 'test-secret', '--quiet'];
  const child = spawn(program, [...args, '--keep-alive', 'posix', folder], { stdio: 'ignore' });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit');
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await answers(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      kill();
      throw new Error(`versitygw did not answer on port ${port} (exit code ${child.exitCode})`);
    }
    await sleep(20);
  }
  return {
    settings: {
      bucket,
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials,
      usesPaths: true,
    },
    folder,
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      child.kill();
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

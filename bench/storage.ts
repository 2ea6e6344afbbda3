import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { JobResult } from '../src/contracts/schemas/job-outcome.ts';
import { createFileStore } from '../src/storage/file/file-store.ts';
import { modelsDir } from '../test/harness/shared-media.ts';
import { startWorkerStack } from '../test/harness/stack/worker-stack.ts';
import { type Bench, percentile, type Row } from './bench.ts';

const run = promisify(execFile);
const SAMPLES = join(import.meta.dirname, '../samples');
const CACHED_JOBS = 20;
const NAMES = { put: 'put of a stream', moved: 'put of a file', get: 'get' };

export const storage: Bench = {
  name: 'storage',
  title: 'put and get of the file store beside cp with fsync; a cached job, from the upload to its result',
  async run() {
    return [
      ...(await measureSize('1 KB', 1_000, 200)),
      ...(await measureSize('1 MB', 1_000_000, 60)),
      ...(await measureSize('50 MB', 50_000_000, 8, 0.7)),
      ...(modelsDir ? await measureCachedJob() : []),
    ];
  },
};

/**
 * Alternates, so that other load affects all variants. A get reads and verifies everything; a get to a file also writes
 * it durably, like `cp` and `sync`.
 */
async function measureSize(name: string, bytes: number, rounds: number, atLeast?: number): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-bench-'));
  try {
    const store = createFileStore({ root: join(folder, 'store') });
    const [source, copy, got] = ['source', 'copy', 'got'].map((file) => join(folder, file));
    const content = randomBytes(bytes);
    await writeFile(source!, content);
    const times: Record<'cp' | 'put' | 'moved' | 'get' | 'file', number[]> = {
      cp: [],
      put: [],
      moved: [],
      get: [],
      file: [],
    };
    for (let round = 0; round <= rounds; round++) {
      const warm = round > 0;
      const time = async (what: keyof typeof times, work: () => Promise<unknown>) => {
        const startedAt = performance.now();
        await work();
        if (warm) times[what].push(performance.now() - startedAt);
      };
      await time('cp', () => run('sh', ['-c', 'cp "$1" "$2" && sync "$2"', '-', source!, copy!]));
      await time('put', () => store.put('bench/object', Readable.from(socketPieces(content))));
      await copyFile(source!, got!);
      await time('moved', () => store.put('bench/moved', { path: got! }));
      await time('get', async () => {
        const { stream } = await store.open('bench/object');
        await finished(stream.resume());
      });
      await time('file', async () => {
        const { stream } = await store.open('bench/object');
        await pipeline(stream, createWriteStream(got!, { highWaterMark: 4 << 20 }));
        await using handle = await open(got!);
        await handle.sync();
      });
      // All variants write new files: removing 50 MB takes a file system as long as writing them.
      await Promise.all([rm(copy!), rm(got!), store.delete('bench/object'), store.delete('bench/moved')]);
    }
    const median = (what: keyof typeof times) => percentile(times[what], 0.5);
    return [
      { what: `${name}: cp and fsync`, value: median('cp'), unit: 'ms' },
      { what: `${name}: put of a stream`, value: median('put'), unit: 'ms' },
      { what: `${name}: put of a file, as every stage does`, value: median('moved'), unit: 'ms' },
      { what: `${name}: get`, value: median('get'), unit: 'ms' },
      { what: `${name}: get to a file, and fsync`, value: median('file'), unit: 'ms' },
      ...(['put', 'moved', 'get'] as const).map((what) => ({
        what: `${name}: throughput of ${NAMES[what]} / of cp and fsync`,
        value: median('cp') / median(what),
        unit: '',
        ...(atLeast && { atLeast }),
      })),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** From memory: reading the pieces from a file takes Node as long as everything the store does with them. */
function* socketPieces(content: Buffer): Iterable<Buffer> {
  for (let start = 0; start < content.length; start += 65_536) {
    yield content.subarray(start, start + 65_536);
  }
}

async function measureCachedJob(): Promise<Row[]> {
  await using stack = await startWorkerStack();
  const photo = new Blob([await readFile(join(SAMPLES, 'portrait.jpg'))]);
  const voice = new Blob([await readFile(join(SAMPLES, 'voice.wav'))]);
  const submit = async () => {
    const form = new FormData();
    form.append('image', photo, 'portrait.jpg');
    form.append('audio', voice, 'voice.wav');
    const startedAt = performance.now();
    const answer = await fetch(`${stack.apiUrl}/api/pipeline/tasks/${randomUUID()}?wait=300`, {
      method: 'PUT',
      body: form,
    });
    const result = (await answer.json()) as JobResult;
    return { ms: performance.now() - startedAt, result };
  };
  const first = await submit();
  const times: number[] = [];
  for (let index = 0; index <= CACHED_JOBS; index++) {
    const { ms, result } = await submit();
    if (!result.metadata?.cached.includes('DID_PROCESSING')) {
      throw new Error(`Expected a cached video but received ${JSON.stringify(result).slice(0, 300)}`);
    }
    if (index > 0) times.push(ms);
  }
  return [
    { what: 'a job that is done the first time', value: first.ms, unit: 'ms' },
    { what: 'the same job from the cache, p50', value: percentile(times, 0.5), unit: 'ms', atMost: 300 },
    { what: 'the same job from the cache, p95', value: percentile(times, 0.95), unit: 'ms' },
  ];
}

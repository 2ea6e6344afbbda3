import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { PipelineError } from '../../src/errors.ts';
import { createDecoderPool } from '../../src/media/decode/decoder-pool.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createRandom } from '../harness/recordings/recording-kinds.ts';
import { mutate } from './mutate.ts';
import { mutatePicture } from './mutate-picture.ts';

export interface FuzzOptions {
  field: 'image' | 'audio';
  /** Files to damage, and in which way: the same number damages the same file in the same way. */
  cases: Array<{ path: string; mutation: number }>;
  slots: number;
  /** Longest time that a file may take. */
  timeoutMs: number;
  /** Where files with a finding are kept. */
  keepIn?: string;
}

export interface FuzzReport {
  /** Files by what became of them: `decoded`, or the code of their refusal. */
  ends: Record<string, number>;
  findings: Array<{ file: string; mutation: number; fault: string }>;
  slowestMs: number;
}

/** Codes that a file itself can cause. */
const REFUSALS = /^(MEDIA|AUDIO|IMAGE)_/;

/**
 * Sends damaged files through the decoding slots. A finding is a process that died, took too long or failed with anything
 * but a refusal, or a file that was left behind.
 */
export async function fuzzDecoders(options: FuzzOptions): Promise<FuzzReport> {
  const { field, cases, slots, timeoutMs, keepIn } = options;
  const folder = await mkdtemp(join(tmpdir(), 'fuzz-decoders-'));
  await using pool = createDecoderPool(
    { media: { slots, timeoutMs }, slots: { confinement: 'auto', scratch: folder } },
    createLogger('fuzz', { level: 'silent' }),
  );
  await pool.ready();
  const good = { image: join(folder, 'good.png'), audio: join(folder, 'good.wav') };
  await sharp({ create: { width: 64, height: 64, channels: 3, background: '#808080' } }).toFile(good.image);
  await writeFile(good.audio, await readFile(new URL('../../samples/voice.wav', import.meta.url)));
  const report: FuzzReport = { ends: {}, findings: [], slowestMs: 0 };
  let next = 0;

  /** `decoded`, or the code of the refusal. */
  const decode = async (damaged: string, own: string): Promise<string> => {
    const started = performance.now();
    const paths = {
      imagePath: field === 'image' ? damaged : good.image,
      audioPath: field === 'audio' ? damaged : good.audio,
      photoPath: join(own, 'photo.png'),
      voicePath: join(own, 'voice.wav'),
      backgroundPath: join(own, 'backdrop.png'),
    };
    try {
      await pool.run(paths, { signal: new AbortController().signal });
      return 'decoded';
    } catch (error) {
      return error instanceof PipelineError ? error.code : String(error);
    } finally {
      report.slowestMs = Math.max(report.slowestMs, performance.now() - started);
    }
  };

  const runOne = async ({ path, mutation }: FuzzOptions['cases'][number], index: number) => {
    const random = createRandom(seedOf(basename(path), mutation));
    const own = join(folder, String(index));
    await mkdir(own);
    const damaged = join(own, 'damaged');
    const whole = await readFile(path);
    await writeFile(damaged, field === 'image' ? mutatePicture(whole, random) : mutate(whole, random));
    let end = await decode(damaged, own);
    if (end === 'SLOT_TIMEOUT') {
      // Only a file that is slow again is a finding: the machine may have been busy.
      end = await decode(damaged, own);
    }
    report.ends[end] = (report.ends[end] ?? 0) + 1;
    const left = (await readdir(own)).filter((name) => !['damaged', 'photo.png', 'voice.wav'].includes(name));
    const fault =
      end !== 'decoded' && !REFUSALS.test(end) ? end : left.length > 0 ? `left ${left}` : undefined;
    if (fault) {
      report.findings.push({ file: basename(path), mutation, fault });
      if (keepIn) {
        await mkdir(keepIn, { recursive: true });
        await writeFile(join(keepIn, `${mutation}-${basename(path)}`), await readFile(damaged));
      }
    }
    await rm(own, { recursive: true });
  };
  const worker = async () => {
    while (next < cases.length) {
      const index = next++;
      await runOne(cases[index]!, index);
    }
  };
  try {
    await Promise.all(Array.from({ length: slots }, worker));
    return report;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Another one for each file and each mutation. FNV-1a. */
function seedOf(name: string, mutation: number): number {
  let hash = 0x811c9dc5;
  for (const letter of `${name} ${mutation}`) {
    hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  }
  return hash >>> 0;
}

/** `count` cases from number `from` on, spread over the files. */
export function spread(files: string[], from: number, count: number): FuzzOptions['cases'] {
  return Array.from({ length: count }, (_, i) => ({
    path: files[(from + i) % files.length]!,
    mutation: Math.floor((from + i) / files.length),
  }));
}

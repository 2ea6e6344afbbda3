/**
 * Kills writing processes at random moments and checks what they left. As a program,
 * `node test/storage/file-store/kill-writers.ts [rounds] [seed]` runs more rounds than the test.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import type { ObjectStore } from '../../../src/ports/object-store.ts';
import { createFileStore } from '../../../src/storage/file/file-store.ts';
import { contentOf, type WriterLine } from './kill-writer.ts';

export interface KillReport {
  kills: number;
  /** Writes that were acknowledged before their process was killed. */
  acknowledged: number;
  /** Kills after which the write in progress had not happened, or had. */
  old: number;
  new: number;
  /** Versions and scratch files of killed writers that `sweep` removed. */
  swept: number;
  /** Descriptions of broken promises. */
  faults: string[];
}

/** Counted from the first line of a writer. Enough for several writes on an idle machine. */
const KILL_WITHIN_MS = 150;

/** Two concurrent lanes. Each has its own keys, and both write one shared key. */
export async function killWriters(options: { rounds: number; seed: number }): Promise<KillReport> {
  const root = await mkdtemp(join(tmpdir(), 'limelight-kill-'));
  const report: KillReport = { kills: 0, acknowledged: 0, old: 0, new: 0, swept: 0, faults: [] };
  try {
    const lane = async (name: string, rounds: number, firstSeed: number) => {
      const expected = new Map<string, number>();
      for (let round = 0; round < rounds; round++) {
        await killOne({ root, lane: name, seed: firstSeed + round * 1000, expected, report });
      }
    };
    await Promise.all([
      lane('one', Math.ceil(options.rounds / 2), options.seed),
      lane('two', Math.floor(options.rounds / 2), options.seed + 500),
    ]);
    const store = createFileStore({ root });
    await checkAll(store, report);
    report.swept = (await store.sweep({ olderThanMs: -1000 })).length;
    await checkAll(store, report);
    return report;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function killOne(options: {
  root: string;
  lane: string;
  seed: number;
  /** Result of this lane's acknowledged writes: the seed of the content, 0 if it was deleted. */
  expected: Map<string, number>;
  report: KillReport;
}): Promise<void> {
  const { root, lane, seed, expected, report } = options;
  const program = fileURLToPath(new URL('kill-writer.ts', import.meta.url));
  const child = spawn(process.execPath, [program, root, lane, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let begun: WriterLine | undefined;
  let isDoomed = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!isDoomed) {
      isDoomed = true;
      setTimeout(() => child.kill('SIGKILL'), (Math.imul(seed, 0x9e3779b1) >>> 0) % KILL_WITHIN_MS);
    }
    const said = JSON.parse(line) as WriterLine;
    if (said.done) {
      report.acknowledged++;
      expected.set(said.key, said.seed);
      begun = undefined;
    } else {
      begun = said;
    }
  }
  report.kills++;
  await checkLane({ store: createFileStore({ root }), lane, expected, begun, report });
}

async function checkLane(options: {
  store: ObjectStore;
  lane: string;
  expected: Map<string, number>;
  /** The write in progress. */
  begun: WriterLine | undefined;
  report: KillReport;
}): Promise<void> {
  const { store, lane, expected, begun, report } = options;
  const keys = new Set([...expected.keys(), ...(begun ? [begun.key] : [])]);
  for (const key of [...keys].filter((key) => key.startsWith(`${lane}/`))) {
    const inFlight = begun?.key === key ? begun.seed : undefined;
    const old = expected.get(key) ?? 0;
    const found = await readSeed(store, key);
    if (found !== old && found !== inFlight) {
      report.faults.push(`${key} holds ${found}, expected ${old} or ${inFlight}`);
    }
    if (inFlight !== undefined) {
      report[found === inFlight ? 'new' : 'old']++;
    }
    expected.set(key, found);
  }
}

/** The seed of the content under the key, 0 if there is none, -1 if it is torn or mixed. */
async function readSeed(store: ObjectStore, key: string): Promise<number> {
  try {
    const bytes = await store.read(key);
    const seed = bytes.readUInt32BE(0);
    return contentOf(seed).equals(bytes) ? seed : -1;
  } catch (error) {
    return (error as { code?: string }).code === 'OBJECT_NOT_FOUND' ? 0 : -1;
  }
}

async function checkAll(store: ObjectStore, report: KillReport): Promise<void> {
  for await (const { key, bytes } of store.list('')) {
    const sha256 = (await store.stat(key))?.sha256;
    const content = await store.read(key).catch((error: Error) => error);
    if (content instanceof Error) {
      report.faults.push(`${key}: ${content.message}`);
    } else if (
      content.length !== bytes ||
      createHash('sha256').update(content).digest('hex') !== sha256 ||
      !contentOf(content.readUInt32BE(0)).equals(content)
    ) {
      report.faults.push(`${key} is torn`);
    }
  }
}

if (import.meta.main) {
  const [rounds = '500', seed = '1'] = process.argv.slice(2);
  const report = await killWriters({ rounds: Number(rounds), seed: Number(seed) });
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  process.exitCode = report.faults.length > 0 ? 1 : 0;
}

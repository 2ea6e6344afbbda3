import { once } from 'node:events';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { confine, type SlotAccess } from '../../src/slots/confinement.ts';
import { tryBubblewrap, tryLandlock } from '../../src/slots/kernel-confinement.ts';
import { startSlotChild } from '../../src/slots/slot-child.ts';
import { createSlotPool } from '../../src/slots/slot-pool.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { needs } from '../harness/needs.ts';
import type { Attack, Deed, Report } from './fixtures/hostile-task.ts';

const signal = new AbortController().signal;
const task = new URL('./fixtures/hostile-task.ts', import.meta.url);
const logger = createLogger('test', { level: 'silent' });

const BY_NATIVE_CODE = [
  'read a secret by native code',
  'read the environment of the parent by native code',
  'write outside by native code',
];

/** A folder of the store, with a secret that slots have no business with. */
let foreign: string;
beforeEach(async () => {
  foreign = await mkdtemp(join(tmpdir(), 'limelight-foreign-'));
});
afterEach(() => rm(foreign, { recursive: true }));

const ACCESS = {
  node: { mode: 'node' },
  bubblewrap: { mode: 'required', findConfinement: tryBubblewrap },
  Landlock: { mode: 'required', findConfinement: tryLandlock },
} as const satisfies Record<string, SlotAccess>;
type By = keyof typeof ACCESS;

async function attackIn(by: By): Promise<Report> {
  const secretPicture = join(foreign, 'secret.png');
  await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } }).toFile(secretPicture);
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const attack: Attack = { secretPicture, foreignFolder: foreign, parentPid: process.pid, port };
  await using pool = openPool(by);
  return (await pool.run({ do: 'attack', attack }, { signal })) as Report;
}

function openPool(by: By, options: { scratch?: string } = {}) {
  return createSlotPool<Deed, unknown>({
    name: 'hostile',
    task,
    config: {},
    slots: 1,
    timeoutMs: 30_000,
    files: { reads: ['imagePath'], writes: ['copyPath'] },
    access: ACCESS[by],
    logger,
    ...options,
  });
}

describe('a slot that a file has taken over', () => {
  it('cannot leave its folder by JavaScript anywhere', async () => {
    const report = await attackIn('node');

    for (const attempt of [
      'read a secret',
      'read the environment of the parent',
      'write outside',
      'plant a link',
      'start a program',
    ]) {
      expect(report[attempt], attempt).toBe('ERR_ACCESS_DENIED');
    }
    expect(await readdir(foreign)).toEqual(expect.not.arrayContaining(['by-javascript']));
  });

  it('can do by native code what only the kernel forbids: the tests below see that', async () => {
    const report = await attackIn('node');

    for (const attempt of [...BY_NATIVE_CODE, 'reach the network', 'signal the parent']) {
      expect(report[attempt], attempt).toBe('done');
    }
  });

  needs('bubblewrap').it('cannot leave bubblewrap by native code, and has no network', async () => {
    const report = await attackIn('bubblewrap');

    expect(Object.entries(report).filter(([, outcome]) => outcome === 'done')).toEqual([]);
    expect(report).toMatchObject({ 'signal the parent': 'ESRCH', 'reach the network': 'ECONNREFUSED' });
  });

  needs('Landlock').it('cannot leave Landlock by native code, and has no network', async () => {
    const report = await attackIn('Landlock');

    for (const attempt of BY_NATIVE_CODE) expect(report[attempt], attempt).not.toBe('done');
    expect(report).toMatchObject({ 'reach the network': 'EACCES' });
  });
});

const CONFINED_BY = (['node', 'bubblewrap', 'Landlock'] as const).filter(
  (by) => by === 'node' || ACCESS[by].findConfinement().confinement,
);

describe.each(CONFINED_BY)('a slot confined by %s', (by) => {
  it('reads and writes the files of its run, wherever they are, and leaves none behind', async () => {
    const scratch = await mkdtemp(join(tmpdir(), 'limelight-scratch-'));
    onTestFinished(() => rm(scratch, { recursive: true }));
    const [imagePath, copyPath] = [join(foreign, 'image'), join(foreign, 'copy')];
    await writeFile(imagePath, 'a picture');

    {
      await using pool = openPool(by, { scratch });
      const seen = await pool.run({ do: 'copy', imagePath, copyPath }, { signal });
      expect(seen).toMatch(new RegExp(`^${scratch}/slot-hostile-.*/in/`));
      expect(await readFile(copyPath, 'utf8')).toBe('a picture');
      expect(await filesBelow(scratch)).toEqual([]);
    }
    expect(await readdir(scratch)).toEqual([]);
  });

  it('gets no more memory and open files than its limits', async () => {
    await using pool = openPool(by);

    await expect(pool.run({ do: 'take memory', mb: 5000 }, { signal })).rejects.toThrow(
      /allocate memory|allocation failed/,
    );
    await expect(pool.run({ do: 'open files', count: 2000 }, { signal })).rejects.toThrow('EMFILE');
  });

  it('is ended at its limit of CPU time', async () => {
    const child = startSlotChild({
      name: 'hostile',
      task,
      config: {},
      env: {},
      access: ACCESS[by],
      limits: { memoryMb: 4096, cpuS: 3 },
      logger,
    });
    await child.ready;

    await expect(child.run([{ do: 'compute for ever' }], () => {})).rejects.toMatchObject({
      code: 'SLOT_CRASHED',
      details: { signal: expect.stringMatching(/^SIG(XCPU|KILL)$/) },
    });
    await child.ended;
  });

  it('is replaced if it leaves something behind', async () => {
    await using pool = openPool(by);
    const copy = {
      do: 'copy',
      imagePath: join(foreign, 'image'),
      copyPath: join(foreign, 'copy'),
    } as const;
    await writeFile(copy.imagePath, 'a picture');

    await pool.run({ do: 'leave a folder' }, { signal });
    await pool.run(copy, { signal });

    expect(pool.snapshot()).toMatchObject([{ runs: 2, restarts: 1 }]);
    await access(copy.copyPath);
  });
});

it('nothing starts if confinement by the kernel is required and does not work', () => {
  const none = () => ({ confinement: undefined, reason: 'bubblewrap: not found' });
  const own = { toRead: foreign, toWrite: foreign, hidden: foreign };
  const start = () => confine({ mode: 'required', findConfinement: none }, { memoryMb: 1, cpuS: 1 }, own);

  expect(start).toThrow(/SLOT_CONFINEMENT is required.*not found/);
});

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
}

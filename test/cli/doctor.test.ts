import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_FAULTS } from '../../emulators/d-id/faults.ts';
import { startEmulator } from '../../emulators/d-id/start-emulator.ts';
import { examine } from '../../src/cli/doctor/examine.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { findKernelConfinement } from '../../src/slots/kernel-confinement.ts';
import { findTemporalBinary } from '../../src/temporal/binary.ts';
import { limelight, limelightInTerminal, MAIN } from '../harness/cli/limelight.ts';
import { needs } from '../harness/needs.ts';
import { runOnSmallDisk } from '../harness/small-disk.ts';
import { stackPorts } from '../harness/stack/stack-environment.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';

const MODELS = join(import.meta.dirname, '../../models');

describe('limelight doctor', { timeout: 60_000 }, () => {
  let folder: string;
  let sound: Record<string, string>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'limelight-doctor-'));
    // A machine on which nothing is amiss, whatever else runs on this one; a test breaks one thing of it.
    sound = {
      ...(await stackPorts()),
      STORAGE_ROOT: join(folder, 'data'),
      MODELS_DIR: '',
      MODELS_CACHE_DIR: join(folder, 'models'),
      TEMPORAL_ADDRESS: '',
      D_ID_API_KEY: '',
    };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const findingsWith = (broken: Record<string, string>) =>
    examine({ ...process.env, ...sound, ...broken }, AbortSignal.timeout(60_000));
  /** What is amiss with one thing broken: that, and nothing else. */
  const faultsWith = async (broken: Record<string, string>) =>
    // Whether this clone is set up is not what these tests break: see test/scripts/setup.test.ts.
    (await findingsWith(broken)).filter(({ state, check }) => state === 'fault' && check !== 'setup');
  const run = (command: string) => {
    const [program, ...args] = command.split(' ');
    return promisify(execFile)(program!, args);
  };
  const program = async (name: string, script: string) => {
    const bin = join(folder, `bin-${name}`);
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
    return bin;
  };

  it('finds no problem on a sound machine and changes nothing', async () => {
    const { code, printed, said } = await limelight(['doctor', '--json'], { cwd: folder, env: sound });
    const findings: Finding[] = JSON.parse(printed);

    // Without bubblewrap here, a note says so.
    expect(findings.filter(({ state, check }) => state !== 'ok' && check !== 'slots')).toEqual([]);
    expect({ code, said: said.trim() }).toEqual({ code: 0, said: 'No problems found.' });
    expect(new Set(findings.map(({ check }) => check))).toEqual(
      new Set(['settings', 'setup', 'temporal', 'models', 'gpu', 'slots', 'disk', 'ports', 'access', 'd-id']),
    );
    await expect(readFile(join(folder, 'data'))).rejects.toThrow('ENOENT');
  });

  it('names a setting that is not valid and checks the rest without it', async () => {
    expect(await faultsWith({ API_PORT: 'eighty', YOLO_SLOTS: '0' })).toEqual([
      expect.objectContaining({
        check: 'settings',
        found: expect.stringContaining('API_PORT'),
        fix: "grep -B1 '^#API_PORT=' .env.example",
      }),
      expect.objectContaining({ check: 'settings', found: expect.stringContaining('YOLO_SLOTS') }),
    ]);
  });

  it('reports a missing Temporal CLI', async () => {
    const path = (process.env.PATH ?? '').split(delimiter);
    const without = path.filter((dir) => dir !== join(findTemporalBinary(process.env), '..'));

    expect(await faultsWith({ PATH: without.join(delimiter), XDG_CACHE_HOME: join(folder, 'none') })).toEqual(
      [expect.objectContaining({ check: 'temporal', fix: 'node scripts/setup.mjs' })],
    );
  });

  it('reports a Temporal CLI that does not run', async () => {
    const bin = await program('temporal', 'echo "cannot execute binary file" >&2; exit 126');

    expect(
      await faultsWith({
        PATH: [bin, process.env.PATH].join(delimiter),
        XDG_CACHE_HOME: join(folder, 'none'),
      }),
    ).toEqual([expect.objectContaining({ check: 'temporal', fix: 'node scripts/setup.mjs' })]);
  });

  it('reports that no cluster responds at TEMPORAL_ADDRESS', async () => {
    const address = `127.0.0.1:${await freePort()}`;

    expect(await faultsWith({ TEMPORAL_ADDRESS: address })).toEqual([
      {
        check: 'temporal',
        state: 'fault',
        found: expect.stringContaining(address),
        fix: 'TEMPORAL_ADDRESS= npm start',
      },
    ]);
  });

  it('reports a missing namespace and how to create it', async () => {
    await using server = await openTestNamespace();
    const there = { TEMPORAL_ADDRESS: server.address };

    expect(await faultsWith(server.env)).toEqual([]);
    const [fault, ...others] = await faultsWith({ ...there, TEMPORAL_NAMESPACE: 'limelight' });
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      check: 'temporal',
      found: expect.stringContaining('no namespace limelight'),
    });

    await run(fault!.fix!);
    // A new namespace has no search attributes yet.
    await expect
      .poll(() => faultsWith({ ...there, TEMPORAL_NAMESPACE: 'limelight' }), { timeout: 30_000 })
      .toEqual([expect.objectContaining({ found: expect.stringContaining('LimelightTaskId') })]);
  });

  it('reports missing search attributes and how to add them', async () => {
    await using server = await openTestNamespace();
    await server.client.connection.operatorService.removeSearchAttributes({
      namespace: server.namespace,
      searchAttributes: ['LimelightKey', 'LimelightStage'],
    });

    const [fault, ...others] = await faultsWith(server.env);

    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      check: 'temporal',
      found: expect.stringContaining('lacks the search attributes LimelightStage, LimelightKey,'),
    });
    await run(fault!.fix!);
    await expect.poll(() => faultsWith(server.env), { timeout: 30_000 }).toEqual([]);
  });

  it('reports a missing or damaged manifest in MODELS_DIR once', async () => {
    expect(await faultsWith({ MODELS_DIR: folder })).toEqual([
      {
        check: 'models',
        state: 'fault',
        found: expect.stringMatching(/^There is no manifest.json in /),
        fix: 'MODELS_DIR= npm start',
      },
    ]);

    const damaged = join(folder, 'damaged-manifest');
    await mkdir(damaged);
    await writeFile(join(damaged, 'manifest.json'), '{');
    expect(await faultsWith({ MODELS_DIR: damaged })).toEqual([
      expect.objectContaining({ check: 'models', found: expect.stringContaining('manifest.json') }),
    ]);
  });

  it('reports a model with one wrong byte', async () => {
    const damaged = join(folder, 'damaged');
    await mkdir(damaged);
    const manifest = await readFile(join(MODELS, 'manifest.json'), 'utf8');
    await writeFile(join(damaged, 'manifest.json'), manifest);
    for (const { file } of JSON.parse(manifest)) {
      await copyFile(join(MODELS, file), join(damaged, file));
    }
    const bytes = await readFile(join(damaged, 'face-detector.onnx'));
    bytes[1000]! ^= 1;
    await writeFile(join(damaged, 'face-detector.onnx'), bytes);

    expect(await faultsWith({ MODELS_DIR: damaged })).toEqual([
      expect.objectContaining({
        check: 'models',
        found: expect.stringMatching(/^face-detection: .* is damaged/),
      }),
    ]);
  });

  it('reports slots that do not fit into the memory of the device', async () => {
    expect(await faultsWith({ YOLO_SLOTS: '9' })).toEqual([
      expect.objectContaining({ check: 'gpu', fix: 'YOLO_SLOTS=5 BIREFNET_SLOTS=1 npm start' }),
    ]);
    expect(await faultsWith({ YOLO_SLOTS: '5' })).toEqual([]);
  });

  it('reports what confines decoders, and that a confinement is required and missing', async () => {
    const slots = async (confinement: string) =>
      (await findingsWith({ SLOT_CONFINEMENT: confinement })).find(({ check }) => check === 'slots');
    const works = findKernelConfinement().confinement !== undefined;

    expect(await slots('node')).toMatchObject({ state: 'note', fix: 'SLOT_CONFINEMENT=auto npm start' });
    expect(await slots('auto')).toMatchObject({ state: works ? 'ok' : 'note' });
    expect(await slots('required')).toMatchObject({ state: works ? 'ok' : 'fault' });
  });

  it('lists the devices and reports a number that does not exist', async () => {
    const bin = await program('nvidia-smi', 'echo "0, NVIDIA L4, 23034"; echo "1, NVIDIA L4, 23034"');
    const devices = { PATH: [bin, process.env.PATH].join(delimiter) };

    expect(await faultsWith({ ...devices, CUDA_VISIBLE_DEVICES: '0,2' })).toEqual([
      expect.objectContaining({ check: 'gpu', fix: 'CUDA_VISIBLE_DEVICES=0,1 npm start' }),
    ]);
    expect(await findingsWith(devices)).toContainEqual(
      expect.objectContaining({ check: 'gpu', found: expect.stringContaining('device 0: NVIDIA L4, 22 GB') }),
    );
  });

  it('reports a storage path that is not a folder', async () => {
    await writeFile(join(folder, 'file'), '');

    expect(await faultsWith({ STORAGE_ROOT: join(folder, 'file', 'data') })).toContainEqual(
      expect.objectContaining({ check: 'disk', fix: 'STORAGE_ROOT=$HOME/limelight-data npm start' }),
    );
  });

  needs('user namespaces').it('reports a full disk', async () => {
    const checks = await runOnSmallDisk(MAIN, 1, {
      toArgs: () => ['doctor', '--json'],
      toEnv: (mountPoint) => ({ ...sound, STORAGE_ROOT: mountPoint }),
    });

    expect(checks).toContainEqual(
      expect.objectContaining({
        check: 'disk',
        state: 'fault',
        found: expect.stringContaining('only 0.0 GB free'),
      }),
    );
  });

  it('reports a port in use and suggests a free one', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;

    const faults = await faultsWith({ API_PORT: String(port) });
    other.close();

    expect(faults).toEqual([
      expect.objectContaining({ check: 'ports', found: `${port} (API_PORT) is in use by another program` }),
    ]);
    expect(faults[0]!.fix).toMatch(/^API_PORT=\d+ npm start$/);
  });

  it('reports a public server without a key, until a key exists', async () => {
    const open = { API_HOST: '0.0.0.0' };
    const [fault] = await faultsWith(open);
    expect(fault).toMatchObject({ check: 'access', fix: 'npx limelight keys create me' });

    await limelight(fault!.fix!.split(' ').slice(2), { cwd: folder, env: { ...sound, ...open } });
    expect(await faultsWith(open)).toEqual([]);
  });

  it('reports a rejected D-ID key, a wrong address and spent credits', async () => {
    await using emulator = await startEmulator({ port: 0 });
    emulator.open({ apiKey: 'me:secret', credits: 0, faults: NO_FAULTS });
    const there = { D_ID_API_URL: emulator.url, D_ID_API_KEY: 'me:secret' };

    expect(await findingsWith(there)).toContainEqual(
      expect.objectContaining({
        check: 'd-id',
        state: 'note',
        found: expect.stringContaining('accepts the key; 0 of'),
      }),
    );
    expect(await faultsWith({ ...there, D_ID_API_KEY: 'me:other' })).toEqual([
      expect.objectContaining({ check: 'd-id', fix: 'open https://studio.d-id.com/account-settings' }),
    ]);
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    expect(await faultsWith({ ...there, D_ID_API_URL: nowhere })).toEqual([
      expect.objectContaining({ check: 'd-id', fix: expect.stringContaining(nowhere) }),
    ]);
  });

  it('prints each finding with its command below, coloured in a terminal', async () => {
    const where = { cwd: folder, env: { ...sound, YOLO_SLOTS: '9' } };

    const { code, printed } = await limelightInTerminal(['doctor'], where);

    expect(code).toBe(1);
    expect(printed).toMatch(/fault.* {2}gpu +The slots need 9 x 2 GB/);
    expect(printed).toMatch(/→ .*YOLO_SLOTS=5 BIREFNET_SLOTS=1 npm start/);
    expect(printed).toMatch(/\d problems? found\./);
  });
});

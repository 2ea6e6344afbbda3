import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../src/cli/stack/free-port.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { findTemporalBinary, TEMPORAL_PROGRAM } from '../../src/temporal/binary.ts';
import { connectClient, connectWorker, temporalAddress } from '../../src/temporal/connection.ts';
import { startDevServer } from '../../src/temporal/dev-server.ts';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'limelight-connection-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('a connection to Temporal', () => {
  it('goes to the server in the settings, else to the one of this machine', () => {
    const { temporal } = loadConfig({});

    expect(temporalAddress(temporal)).toBe(`127.0.0.1:${temporal.embedded.port}`);
    expect(temporalAddress({ ...temporal, address: 'db:7233' })).toBe('db:7233');
  });

  it.each([
    ['clients', connectClient],
    ['workers', connectWorker],
  ])('of %s fails with the address if there is no server', async (_, connect) => {
    const address = `127.0.0.1:${await freePort()}`;
    const { temporal } = loadConfig({ TEMPORAL_ADDRESS: address });

    await expect(connect(temporal, 0)).rejects.toMatchObject({
      code: 'TEMPORAL_UNAVAILABLE',
      message: expect.stringContaining(address),
    });
  });

  it('waits for a server that is still starting', async () => {
    const port = await freePort();
    const { temporal } = loadConfig({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
    const connecting = connectWorker(temporal);
    const binary = findTemporalBinary(process.env);
    await using _server = await startDevServer({ binary, dir: await temporaryFolder(), port });

    const connection = await connecting;

    await connection.close();
  });
});

describe('the program of Temporal', () => {
  it('is the one that the setup installed, else the one on PATH', async () => {
    const folder = await temporaryFolder();
    const installed = join(folder, 'limelight/bin', TEMPORAL_PROGRAM);
    const onPath = join(folder, 'path/temporal');
    for (const path of [installed, onPath]) {
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(path, '');
    }
    const PATH = ['/nowhere', join(folder, 'path')].join(delimiter);

    expect(findTemporalBinary({ PATH, XDG_CACHE_HOME: folder })).toBe(installed);
    expect(findTemporalBinary({ PATH, XDG_CACHE_HOME: '/nowhere' })).toBe(onPath);
  });

  it('is missed with the command that installs it', () => {
    expect(() => findTemporalBinary({ XDG_CACHE_HOME: '/nowhere' })).toThrow(
      expect.objectContaining({
        code: 'TEMPORAL_UNAVAILABLE',
        message: expect.stringContaining('node scripts/setup.mjs'),
      }),
    );
  });
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readEnvironment } from '../../src/config/read-environment.ts';
import { loadConfig } from '../../src/process/load-config.ts';
import { reloadOnHangup } from '../../src/process/reload-settings.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'limelight-reload-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(text: string) {
  const envFile = join(folder, `${Math.random()}.env`);
  writeFileSync(envFile, text);
  const config = loadConfig(readEnvironment(envFile));
  const lines: string[] = [];
  const logger = createLogger('test', {
    level: 'info',
    destination: { write: (line) => void lines.push(line) },
  });
  const reload = reloadOnHangup(config, logger, () => readEnvironment(envFile));
  const hangUp = async (newText: string) => {
    writeFileSync(envFile, newText);
    process.kill(process.pid, 'SIGHUP');
    await expect.poll(() => lines.length).toBeGreaterThan(0);
    return JSON.parse(lines.splice(0).join('')) as Record<string, unknown>;
  };
  return { config, logger, reload, hangUp };
}

it('applies safe settings, and names those that need a restart', async () => {
  const { config, logger, reload, hangUp } = start('YOLO_CONFIDENCE_THRESHOLD=0.5\nYOLO_SLOTS=2\n');
  using _reload = reload;

  const line = await hangUp('YOLO_CONFIDENCE_THRESHOLD=0.3\nLOG_LEVEL=debug\nYOLO_SLOTS=1\n');

  expect(line).toMatchObject({ waiting: ['gpu'], msg: expect.stringContaining('restart') });
  expect(config.jobs.confThreshold).toBe(0.3);
  expect(logger.level).toBe('debug');
  expect(config.gpu.yolo.slots).toBe(2);
});

it('changes no setting if one is invalid', async () => {
  const { config, reload, hangUp } = start('YOLO_CONFIDENCE_THRESHOLD=0.5\n');
  using _reload = reload;

  expect(await hangUp('YOLO_CONFIDENCE_THRESHOLD=0.3\nYOLO_SLOTS=none\n')).toMatchObject({
    level: 'error',
    err: { message: expect.stringContaining('YOLO_SLOTS') },
  });
  expect(config.jobs.confThreshold).toBe(0.5);
});

it('reads the file again, although the parent passed on old values in the environment', () => {
  const envFile = join(folder, 'handed-on.env');
  writeFileSync(envFile, 'LIMELIGHT_HANDED_ON=old\n');
  process.env.LIMELIGHT_HANDED_ON = 'old';
  process.env.LIMELIGHT_OF_THE_PROCESS = 'its own';
  try {
    expect(readEnvironment(envFile).LIMELIGHT_HANDED_ON).toBe('old');
    writeFileSync(envFile, 'LIMELIGHT_HANDED_ON=new\nLIMELIGHT_OF_THE_PROCESS=file\n');
    expect(readEnvironment(envFile)).toMatchObject({
      LIMELIGHT_HANDED_ON: 'new',
      LIMELIGHT_OF_THE_PROCESS: 'its own',
    });
  } finally {
    delete process.env.LIMELIGHT_HANDED_ON;
    delete process.env.LIMELIGHT_OF_THE_PROCESS;
  }
});

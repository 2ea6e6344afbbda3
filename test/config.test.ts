import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderEnvExample, renderSettings } from '../scripts/env-example.ts';
import { readEnvironment } from '../src/config/read-environment.ts';
import { PipelineError } from '../src/errors.ts';
import { Environment, loadConfig, SECRETS } from '../src/process/load-config.ts';
import { toy } from './providers/toy/descriptor.ts';

function faultOf(env: Record<string, string | undefined>): PipelineError {
  try {
    loadConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(PipelineError);
    return error as PipelineError;
  }
  return expect.fail('The configuration was accepted');
}

describe('loadConfig', () => {
  it('starts with nothing set', () => {
    expect(loadConfig({})).toMatchObject({
      api: { host: '127.0.0.1', port: 55_433, shutdownGraceMs: 20_000 },
      storage: { root: resolve('data') },
      temporal: { address: undefined, namespace: 'default', embedded: { port: 7233, uiPort: 8233 } },
      gpu: {
        memoryGb: 16,
        yolo: { slots: 2, memoryGb: 2, timeoutMs: 30_000 },
        birefnet: { slots: 1, memoryGb: 6, timeoutMs: 120_000 },
      },
      log: { level: 'info' },
    });
  });

  it('reads settings in the units of the code', () => {
    const config = loadConfig({
      API_PORT: '8080',
      API_SHUTDOWN_GRACE_S: '1.5',
      STORAGE_ROOT: '/srv/limelight',
      TEMPORAL_ADDRESS: 'temporal:7233',
      YOLO_CONFIDENCE_THRESHOLD: '0.35',
    });
    expect(config).toMatchObject({
      api: { port: 8080, shutdownGraceMs: 1500 },
      storage: { root: '/srv/limelight' },
      temporal: { address: 'temporal:7233' },
      jobs: { confThreshold: 0.35 },
    });
  });

  it('treats an empty variable as unset', () => {
    const empty = Object.fromEntries(Object.keys(Environment.shape).map((name) => [name, '']));
    expect(loadConfig(empty)).toEqual(loadConfig({}));
  });

  it('reads, checks and guards the settings of the providers that it is given', () => {
    const given = { TOY_URL: 'http://127.0.0.1:1', TOY_KEY: 'toy-key', D_ID_API_KEY: 'ignored' };
    const { providers, log } = loadConfig(given, [toy]);

    expect(providers).toEqual({
      toy: expect.objectContaining({ url: 'http://127.0.0.1:1', key: 'toy-key' }),
    });
    expect(log).toMatchObject({ secrets: ['toy-key'], secretPaths: ['/api/webhooks/toy/'] });
    expect(loadConfig({ TOY_KEY: 'toy-key' }, [toy]).providers).toEqual({});
    expect(() => loadConfig({ TOY_TALKS_IN_FLIGHT: 'many' }, [toy])).toThrow(/TOY_TALKS_IN_FLIGHT: /);
  });

  it('ignores other variables', () => {
    expect(loadConfig({ PATH: '/bin', API_PORTS: 'x' })).toEqual(loadConfig({}));
  });

  it('names all errors at once', () => {
    const { code, message } = faultOf({
      API_PORT: '70000',
      YOLO_SLOTS: 'two',
      LOG_LEVEL: 'loud',
      GPU_MEMORY_GB: '-1',
      RENDER_SLOTS: '1.5',
    });
    expect(code).toBe('CONFIG_INVALID');
    const named = Object.keys(Environment.shape).filter((name) => message.includes(`${name}: `));
    expect(named.sort()).toEqual(['API_PORT', 'GPU_MEMORY_GB', 'LOG_LEVEL', 'RENDER_SLOTS', 'YOLO_SLOTS']);
  });

  it('refuses a KMS key that would not be used', () => {
    const key = { STORAGE_S3_BUCKET: 'videos', STORAGE_S3_KMS_KEY_ID: 'alias/photos' };

    expect(() => loadConfig(key)).toThrow('STORAGE_S3_KMS_KEY_ID: expected STORAGE_S3_ENCRYPTION=aws:kms');
    expect(loadConfig({ ...key, STORAGE_S3_ENCRYPTION: 'aws:kms' }).storage.s3?.encryption).toEqual({
      algorithm: 'aws:kms',
      keyId: 'alias/photos',
    });
    expect(
      loadConfig({ STORAGE_S3_BUCKET: 'videos', STORAGE_S3_ENCRYPTION: 'AES256' }).storage.s3?.encryption,
    ).toEqual({ algorithm: 'AES256' });
  });

  it('repeats no values, because some are secrets', () => {
    const secret = 'sk-very-secret-1234567890';
    for (const name of Object.keys(Environment.shape)) {
      const { message } = faultOf({ [name]: secret, YOLO_SLOTS: secret });
      expect(message).not.toContain(secret);
    }
  });
});

describe('the connection to Temporal', () => {
  const folder = mkdtempSync(join(tmpdir(), 'limelight-profiles-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, ...lines: string[]) => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, lines.join('\n'));
    return path;
  };
  const own = file('home/temporalio/temporal.toml', '[profile.default]', 'address = "work.example.org:7233"');
  const home = { XDG_CONFIG_HOME: join(own, '../..'), HOME: folder };

  it('comes from a profile, whose values the variables override', () => {
    const TEMPORAL_CONFIG_FILE = file(
      'profiles.toml',
      '[profile.default]',
      'address = "default.example.org:7233"',
      '[profile.other]',
      'address = "other.example.org:7233"',
      'namespace = "films"',
      'api_key = "key-in-the-file"',
    );

    expect(loadConfig({ TEMPORAL_CONFIG_FILE }).temporal).toMatchObject({
      address: 'default.example.org:7233',
      namespace: 'default',
      webUiUrl: undefined,
    });
    expect(
      loadConfig({ TEMPORAL_CONFIG_FILE, TEMPORAL_PROFILE: 'other', TEMPORAL_NAMESPACE: 'mine' }),
    ).toMatchObject({
      temporal: {
        address: 'other.example.org:7233',
        namespace: 'mine',
        profile: { apiKey: 'key-in-the-file' },
      },
      log: { secrets: ['key-in-the-file'] },
    });
  });

  it('ignores the profiles of the user’s tools unless one is named', () => {
    expect(loadConfig(home).temporal.address).toBeUndefined();
    expect(loadConfig({ ...home, TEMPORAL_PROFILE: 'default' }).temporal.address).toBe(
      'work.example.org:7233',
    );
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'a missing file',
      { TEMPORAL_CONFIG_FILE: '/nowhere.toml' },
      /TEMPORAL_CONFIG_FILE: the file cannot be read \(ENOENT\)/,
    ],
    [
      'an unknown profile',
      { ...home, TEMPORAL_PROFILE: 'films' },
      /TEMPORAL_PROFILE: there is no such profile/,
    ],
    [
      'a misspelt key',
      { TEMPORAL_CONFIG_FILE: file('misspelt.toml', '[profile.default]', 'api-key = "hidden-key"') },
      /TEMPORAL_CONFIG_FILE: .*unrecognized.*: api-key$/,
    ],
    [
      'a syntax error, without the line',
      { TEMPORAL_CONFIG_FILE: file('broken.toml', '[profile.default]', 'api_key = hidden-key') },
      /TEMPORAL_CONFIG_FILE: Invalid TOML document/,
    ],
    [
      'a payload key that is too short',
      { TEMPORAL_PAYLOAD_KEYS: 'aGlkZGVuLWtleQ==' },
      /TEMPORAL_PAYLOAD_KEYS: expected keys of 32 bytes/,
    ],
  ])('names %s', (_, variables, expected) => {
    const { message } = faultOf(variables);

    expect(message).toMatch(expected);
    expect(message).not.toContain('hidden-key');
  });
});

describe('readEnvironment', () => {
  it('reads the env file below the environment of the process, and needs none by default', () => {
    const folder = mkdtempSync(join(tmpdir(), 'limelight-env-'));
    try {
      const file = join(folder, '.env');
      writeFileSync(file, 'LIMELIGHT_ONLY_IN_FILE="from the file"\nPATH=never\n');
      const env = readEnvironment(file);
      expect(env.LIMELIGHT_ONLY_IN_FILE).toBe('from the file');
      expect(env.PATH).toBe(process.env.PATH);
      expect(env.PATH).not.toBe('never');
      expect(() => readEnvironment(join(folder, 'missing'))).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('missing') }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('.env.example', () => {
  const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8');

  it('matches the schema (else run: node scripts/env-example.ts)', () => {
    expect(example).toBe(renderEnvExample());
  });

  it('lists each variable once, with a description and a valid default', () => {
    const uncommented = parseEnv(example.replaceAll(/^#(?=[A-Z0-9_]+=)/gm, ''));
    expect(Object.keys(uncommented).sort()).toEqual(Object.keys(Environment.shape).sort());
    expect(loadConfig(uncommented)).toEqual(loadConfig({}));
    for (const [name, schema] of Object.entries(Environment.shape)) {
      expect(schema.description, `${name} has no description`).toBeTruthy();
      expect(example).toContain(`# ${schema.description}`);
    }
  });

  it('changes nothing if it is copied unchanged', () => {
    expect(parseEnv(example)).toEqual({});
  });
});

describe('secrets from files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'limelight-secrets-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (text: string) => {
    const path = join(folder, randomUUID());
    writeFileSync(path, text);
    return path;
  };

  it.each(SECRETS)('%s is read from the file in its _FILE variable, without the final line break', (name) => {
    const secret =
      name === 'TEMPORAL_PAYLOAD_KEYS' ? Buffer.alloc(32).toString('base64') : 'sixteen characters=and more';
    const fromFile = loadConfig({ [`${name}_FILE`]: write(`${secret}\n`) });
    expect(fromFile).toEqual(loadConfig({ [name]: secret }));
    expect(fromFile.log.secrets).toEqual([secret]);
  });

  it('errors of files are named with all other errors', () => {
    const { message } = faultOf({
      YOLO_SLOTS: 'two',
      D_ID_API_KEY_FILE: join(folder, 'missing'),
      D_ID_WEBHOOK_SECRET_FILE: write(''),
      API_KEY: 'a',
      API_KEY_FILE: write('b'),
    });
    expect(message).toContain('YOLO_SLOTS: ');
    expect(message).toContain('D_ID_API_KEY_FILE: the file cannot be read (ENOENT)');
    expect(message).toContain('D_ID_WEBHOOK_SECRET_FILE: the file is empty');
    expect(message).toContain('API_KEY_FILE: API_KEY is set too');
  });
});

describe('docs/settings.md', () => {
  it('matches the schema (else run: node scripts/env-example.ts)', () => {
    expect(readFileSync(new URL('../docs/settings.md', import.meta.url), 'utf8')).toBe(renderSettings());
  });
});

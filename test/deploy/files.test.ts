import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { API_MALLOC } from '../../src/cli/stack/stack.ts';
import { NODE_FLAGS } from '../../src/cli/stack/supervisor.ts';
import { Environment, loadConfig, SECRETS } from '../../src/process/load-config.ts';
import { findTemporalBinary } from '../../src/temporal/binary.ts';
import { findMissingSearchAttributes } from '../../src/temporal/missing-search-attributes.ts';
import { openTestNamespace } from '../harness/temporal-server.ts';
import { parseDockerfile, parseUnit } from './parse-files.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const readYaml = <T>(path: string) => parse(read(path), { merge: true }) as T;
const readUnit = (role: string) => parseUnit(read(`deploy/systemd/limelight-${role}.service`));

interface Service {
  image: string;
  restart: string;
  security_opt?: string[];
  cap_drop?: string[];
  command?: string[];
  environment?: Record<string, string>;
  ports?: string[];
  volumes?: string[];
  networks?: string[] | Record<string, unknown>;
  profiles?: string[];
  healthcheck?: { test: string[] };
  deploy?: { resources: { limits: { cpus?: string; memory?: string } } };
}

const { services, 'x-environment': shared } = readYaml<{
  services: Record<string, Service>;
  'x-environment': Record<string, string>;
}>('docker-compose.yml');
const named = Object.entries(services);
const dockerfile = parseDockerfile(read('Dockerfile'));
const argsOf = (name: string) => dockerfile.filter(([word]) => word === name).map(([, args]) => args);

describe('docker-compose.yml', () => {
  it.each(named)('pins the image of %s to a version, and gives it no secret', (_, { image, environment }) => {
    expect(image).toMatch(/:(v?\d+\.\d+|\$\{LIMELIGHT_VERSION:-\d)/);
    for (const [name, value] of Object.entries(environment ?? {})) {
      if (/(PASSWORD|PWD|KEY|SECRET)$/.test(name)) expect(value, name).toBe('');
    }
  });

  it.each(named)('gives %s a health check and limits, and opens its ports on loopback only', (_, service) => {
    // One that runs once and ends is healthy when it succeeds.
    if (service.restart !== 'on-failure') expect(service.healthcheck?.test.length).toBeGreaterThan(1);
    expect(service.deploy?.resources.limits).toEqual({
      cpus: expect.any(String),
      memory: expect.stringMatching(/^\d+[mg]$/),
    });
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('lets only the API, the workers and its own tools reach Temporal', () => {
    const networksOf = ({ networks = [] }: Service) =>
      Array.isArray(networks) ? networks : Object.keys(networks);
    const near = (name: string) => {
      const own = new Set(networksOf(services[name]!));
      return named.filter(([, service]) => networksOf(service).some((network) => own.has(network)));
    };
    const limelight = ['api', 'io', 'gpu', 'gpu-cpu'];

    for (const [name] of named) expect(networksOf(services[name]!), name).not.toEqual([]);
    expect(
      near('temporal')
        .map(([name]) => name)
        .sort(),
    ).toEqual(
      [...limelight, 'postgres', 'temporal', 'temporal-namespace', 'temporal-schema', 'temporal-ui'].sort(),
    );
    expect(
      near('postgres')
        .map(([name]) => name)
        .sort(),
    ).toEqual(['postgres', 'temporal', 'temporal-schema']);
    expect(
      near('grafana')
        .map(([name]) => name)
        .sort(),
    ).toEqual(['grafana', 'prometheus']);
    // It has no password and answers to any name.
    expect(services['temporal-ui']!.profiles).toEqual(['web-ui']);
  });

  it.each(named)('lets %s gain no privileges', (_, { security_opt, cap_drop }) => {
    expect(security_opt).toContain('no-new-privileges:true');
    expect(cap_drop).toEqual(['ALL']);
  });

  it('sets variables that exist', () => {
    expect(Object.keys(shared).length).toBeGreaterThan(4);
    expect(Object.keys(shared).filter((name) => !(name in Environment.shape))).toEqual([]);
  });

  it('probes the ports that the processes have', () => {
    const { api, worker } = loadConfig({});
    const { scrape_configs } = readYaml<{
      scrape_configs: Array<{ static_configs: Array<{ targets: string[] }> }>;
    }>('deploy/prometheus/prometheus.yml');
    const ports = { api: api.port, io: worker.ioPort, gpu: worker.gpuPort };
    for (const [name, port] of Object.entries({ ...ports, 'gpu-cpu': worker.gpuPort })) {
      const probe = services[name]!.healthcheck!.test;
      expect(probe.join(' ')).toContain(`http://127.0.0.1:${port}/health/ready`);
    }
    expect(scrape_configs[0]!.static_configs[0]!.targets).toEqual(
      Object.entries(ports).map(([name, port]) => `${name}:${port}`),
    );
    expect(argsOf('EXPOSE').join(' ').split(' ')).toEqual(Object.values(ports).map(String));
  });

  it('mounts folders that exist', () => {
    const mounted = named
      .flatMap(([, { volumes = [] }]) => volumes)
      .filter((volume) => volume.startsWith('./'))
      .map((volume) => volume.split(':')[0]!);
    expect(mounted.length).toBeGreaterThan(3);
    for (const path of mounted) expect(globSync(`${path}/**`, { cwd: ROOT }), path).not.toEqual([]);
  });
});

it('git and the image leave out the folder of secrets and the settings', () => {
  for (const [file, prefix] of [
    ['.gitignore', '/'],
    ['.dockerignore', ''],
  ] as const) {
    const lines = read(file).split('\n');
    expect(lines, file).toContain(`${prefix}.env`);
    expect(
      lines.map((line) => line.replace(/\/$/, '')),
      file,
    ).toContain(`${prefix}secrets`);
  }
});

describe('the image', () => {
  it('has the Node of this project, and runs unprivileged', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: { node: string } };
    expect(argsOf('ARG')).toContain(`NODE=${devDependencies.node}`);
    expect(argsOf('USER')).toEqual(['10001:10001']);
  });

  it('copies and runs files that exist', () => {
    const scripts = argsOf('RUN').flatMap(
      (line) => line.match(/(?<=\bnode )(scripts|node_modules)\/\S+/g) ?? [],
    );
    expect(scripts).toHaveLength(2);
    const copied = argsOf('COPY').flatMap((line) =>
      line.split(' ').filter((word) => /^\/app\/(?!node_modules|dist)/.test(word)),
    );
    expect(copied.length).toBeGreaterThan(4);
    for (const path of [...scripts, ...copied.map((path) => path.slice('/app/'.length))]) {
      expect(globSync(path, { cwd: ROOT }), path).toHaveLength(1);
    }
  });
});

it('image and services limit memory like `npm start`', () => {
  const flags = `NODE_OPTIONS=${NODE_FLAGS.join(' ')}`;
  expect(argsOf('ENV').join(' ')).toContain(flags);
  for (const role of ['api', 'io', 'gpu']) expect(readUnit(role).Service!.Environment).toContain(flags);
  for (const [name, value] of Object.entries(API_MALLOC)) {
    expect(readUnit('api').Service!.Environment).toContain(`${name}=${value}`);
    expect(services.api!.environment).toMatchObject({ [name]: value });
  }
});

describe('Temporal in the compose file', () => {
  const temporal = findTemporalBinary(process.env);

  it('is the release that the setup installs', () => {
    const said = execFileSync(temporal, ['--version'], { encoding: 'utf8' });
    const [, cli, server, ui] = /version (\S+) \(Server (\S+), UI (\S+)\)/.exec(said)!;

    expect(services.temporal!.image).toBe(`temporalio/server:${server}`);
    expect(services['temporal-ui']!.image).toBe(`temporalio/ui:${ui}`);
    for (const name of ['temporal-schema', 'temporal-namespace']) {
      expect(services[name]!.image).toBe(`temporalio/admin-tools:${server}`);
    }
    expect(read('docs/setup.md')).toContain(`Temporal CLI ${cli}`);
    expect(read('docs/setup.md')).toContain(`server ${server}`);
  });

  it('gets its namespace with every search attribute that jobs carry, also a second time', async () => {
    await using server = await openTestNamespace();
    const folder = mkdtempSync(join(tmpdir(), 'limelight-namespace-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    symlinkSync(temporal, join(folder, 'temporal'));
    const namespace = `new-${randomUUID()}`;
    const create = () =>
      promisify(execFile)('/bin/sh', [join(ROOT, 'deploy/temporal/create-namespace.sh')], {
        env: {
          ...process.env,
          PATH: `${folder}:${process.env.PATH}`,
          TEMPORAL_ADDRESS: server.address,
          TEMPORAL_NAMESPACE: namespace,
        },
      });

    await create();
    await create();

    expect(await findMissingSearchAttributes(server.client, namespace)).toEqual([]);
  }, 60_000);
});

describe.each(['api', 'io', 'gpu'])('the systemd service %s', (role) => {
  const { Service } = readUnit(role);

  it('runs its role, unprivileged, and leaves time to drain', () => {
    expect(Service!.ExecStart).toEqual([expect.stringMatching(new RegExp(` up --role ${role}$`))]);
    expect(Service).toMatchObject({ User: ['limelight'], ExecReload: ['/bin/kill -HUP $MAINPID'] });
    expect(Number(Service!.TimeoutStopSec)).toBeGreaterThan(20);
  });

  it('keeps its files private', () => {
    expect(Service).toMatchObject({ UMask: ['0077'], StateDirectoryMode: ['0700'] });
  });

  it('has no secrets', () => {
    const names = Service!.Environment!.map((line) => line.split('=')[0]);
    expect(names.filter((name) => (SECRETS as readonly string[]).includes(name!))).toEqual([]);
  });
});

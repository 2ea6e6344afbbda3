import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { API_MALLOC } from '../../src/cli/stack/stack.ts';
import { NODE_FLAGS } from '../../src/cli/stack/supervisor.ts';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/search-attributes.ts';
import { Environment, loadConfig, SECRETS } from '../../src/process/load-config.ts';

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const compose = read('docker-compose.yml');
const dockerfile = read('Dockerfile');

describe('docker-compose.yml', () => {
  it('pins every image to a version, and contains no secrets', () => {
    const images = [...compose.matchAll(/^ +image: (\S+)$/gm)].map(([, image]) => image!);
    expect(images.length).toBeGreaterThan(5);
    for (const image of images) {
      expect(image, image).toMatch(/:(v?\d+\.\d+|\$\{LIMELIGHT_VERSION:-\d)/);
    }
    expect(compose).not.toMatch(/(PASSWORD|PWD|KEY|SECRET): \S/);
  });

  it('opens ports on loopback only, and gives every service a health check and limits', () => {
    const ports = [...compose.matchAll(/ports: \[["']([^"']+)["']\]/g)].map(([, port]) => port!);
    expect(ports.length).toBeGreaterThan(3);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    const services = compose.slice(compose.indexOf('\nservices:'), compose.indexOf('\nsecrets:'));
    for (const service of services.split(/^ {2}(?=[a-z-]+:$)/m).slice(1)) {
      expect(service).toMatch(/healthcheck:|<<: \*gpu-worker/);
      expect(service).toContain('limits:');
    }
  });

  it('sets variables that exist', () => {
    const block = compose.slice(compose.indexOf('x-environment:'), compose.indexOf('x-health:'));
    const set = [...block.matchAll(/^ {2}([A-Z_]+):/gm)].map(([, name]) => name!);
    expect(set.length).toBeGreaterThan(4);
    expect(set.filter((name) => !(name in Environment.shape))).toEqual([]);
  });

  it('probes the ports that the processes have', () => {
    const { api, worker } = loadConfig({});
    for (const port of [api.port, worker.ioPort, worker.gpuPort]) {
      expect(compose).toContain(`http://127.0.0.1:${port}/health/ready`);
      expect(read('deploy/prometheus/prometheus.yml')).toMatch(new RegExp(`:${port}["']`));
      expect(dockerfile).toMatch(new RegExp(`^EXPOSE .*\\b${port}\\b`, 'm'));
    }
  });
});

it('the image has the versions of this project', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: { node: string } };
  expect(dockerfile).toContain(`ARG NODE=${devDependencies.node}`);
  expect(dockerfile).toMatch(/^USER 10001:10001$/m);
});

it('image and services limit memory like `npm start`', () => {
  const units = globSync('deploy/systemd/*.service', { cwd: ROOT }).map(read);
  expect(units).toHaveLength(3);
  for (const file of [dockerfile, ...units]) {
    expect(file).toContain(`NODE_OPTIONS=${NODE_FLAGS.join(' ')}`);
  }
  const [[name, value]] = Object.entries(API_MALLOC) as [[string, string]];
  expect(read('deploy/systemd/limelight-api.service')).toContain(`Environment=${name}=${value}`);
  expect(compose).toContain(`${name}: "${value}"`);
});

it('every file named by the image and the services exists', () => {
  for (const [, path] of compose.matchAll(/["']?(\.\/deploy\/[\w/-]+):/g)) {
    expect(globSync(`${path}/**`, { cwd: ROOT }), path).not.toEqual([]);
  }
  for (const [, script] of dockerfile.matchAll(/node (scripts\/\S+|node_modules\/onnx\S+)/g)) {
    expect(globSync(script!, { cwd: ROOT }), script).toHaveLength(1);
  }
});

it("Temporal's readiness makes every search attribute that jobs carry", () => {
  const [, names] = /for name in (.*); do/.exec(read('deploy/temporal/is-ready.sh'))!;
  expect(names!.split(' ').sort()).toEqual(Object.values(SEARCH_ATTRIBUTES).sort());
});

it('systemd services run one role each, unprivileged, and leave time to drain', () => {
  for (const role of ['api', 'io', 'gpu']) {
    const unit = read(`deploy/systemd/limelight-${role}.service`);
    expect(unit).toContain(`up --role ${role}\n`);
    expect(unit).toMatch(/^User=limelight$/m);
    expect(unit).toMatch(/^ExecReload=\/bin\/kill -HUP \$MAINPID$/m);
    expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)![1])).toBeGreaterThan(20);
    for (const secret of SECRETS) {
      expect(unit).not.toMatch(new RegExp(`^Environment=${secret}=`, 'm'));
    }
  }
});

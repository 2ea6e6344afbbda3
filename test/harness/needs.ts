import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it, type TestOptions } from 'vitest';
import { tryBubblewrap, tryLandlock } from '../../src/slots/kernel-confinement.ts';
import { chromiumPath } from './browser/chromium-path.ts';
import { obtainS3Program } from './s3-server.ts';
import { maySmallDisk } from './small-disk.ts';

/** Requirements that are more than a program on the PATH. */
const REQUIREMENTS = {
  MODELS_DIR: () => process.env.MODELS_DIR !== undefined,
  MEDIA_DIR: () => process.env.MEDIA_DIR !== undefined,
  Linux: () => process.platform === 'linux',
  chromium: () => chromiumPath !== undefined,
  'docker compose': () => composeCommand() !== undefined,
  // The tests' S3 server is built with it.
  Go: () => obtainS3Program() !== undefined,
  'user namespaces': maySmallDisk,
  bubblewrap: () => tryBubblewrap().confinement !== undefined,
  // setpriv of util-linux 2.40 or newer.
  Landlock: () => tryLandlock().confinement !== undefined,
} satisfies Record<string, () => boolean>;

type Program =
  | 'bash'
  | 'curl'
  | 'ffmpeg'
  | 'fish'
  | 'hadolint'
  | 'jq'
  | 'logrotate'
  | 'nginx'
  | 'prometheus'
  | 'promtool'
  | 'python3'
  | 'systemd-analyze'
  | 'zsh';

export type Requirement = keyof typeof REQUIREMENTS | Program;

type Body = () => void | Promise<void>;

interface Needing {
  describe(name: string, options: TestOptions | Body, body?: Body): void;
  it(name: string, options: TestOptions | Body, body?: Body | number): void;
}

/**
 * Tests that are skipped if this machine lacks something, and whose names end in `(needs X)`. The summary of `npm test`
 * lists skipped tests by what they lack; in CI only MODELS_DIR and MEDIA_DIR may be missing.
 *
 * @param wanted requirements by name, or conditions of the test's own: `{ 'a second file system': hasOther }`
 */
export function needs(...wanted: Array<Requirement | Record<string, boolean>>): Needing {
  const all = wanted.flatMap(
    (one): Array<[string, boolean]> => (typeof one === 'string' ? [[one, isMet(one)]] : Object.entries(one)),
  );
  const missing = all.filter(([, met]) => !met);
  const listed = (missing.length > 0 ? missing : all).map(([name]) => name);
  const title = (name: string) => `${name} (needs ${listed.join(' and ')})`;
  return {
    describe: (name, ...rest) =>
      describe.skipIf(missing.length > 0)(title(name), ...(rest as [TestOptions, Body])),
    it: (name, ...rest) => it.skipIf(missing.length > 0)(title(name), ...(rest as [TestOptions, Body])),
  };
}

const known = new Map<Requirement, boolean>();

function isMet(name: Requirement): boolean {
  const check = REQUIREMENTS[name as keyof typeof REQUIREMENTS] ?? (() => isProgram(name));
  const met = known.get(name) ?? check();
  known.set(name, met);
  return met;
}

/** Whether the PATH has an executable file of this name. */
function isProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** `docker-compose`, or the plugin of `docker`. */
export function composeCommand(): string[] | undefined {
  if (isProgram('docker-compose')) {
    return ['docker-compose'];
  }
  return spawnSync('docker', ['compose', 'version']).status === 0 ? ['docker', 'compose'] : undefined;
}

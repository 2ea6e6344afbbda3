/**
 * Adds to package-lock.json what npm left out of it: the packages of other platforms, and checksums (`integrity`). npm does
 * so if its registry, such as a mirror, lacks them. Without the packages `npm ci` refuses the file, and npm 10 installs no
 * native code on a Mac; without a checksum npm takes whatever the registry sends. Run it after `npm install` if
 * `test/scripts/lockfile.test.ts` asks for it.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const OS = /-(android|darwin|freebsd|linux|openharmony|win32)(?=musl|\b)/;
const CPU = /-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|wasm32|x64)\b/;

interface LockedPackage {
  version?: string;
  optionalDependencies?: Record<string, string>;
  cpu?: string[];
  dev?: boolean;
  integrity?: string;
  libc?: string[];
  optional?: boolean;
  os?: string[];
}
type LockedPackages = Record<string, LockedPackage>;

/** The missing entries by path. */
export function missingPlatformPackages({ packages }: { packages: LockedPackages }): LockedPackages {
  const missing: LockedPackages = {};
  for (const [path, { optionalDependencies = {}, dev }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (packages[`node_modules/${name}`] || packages[`${path}/node_modules/${name}`]) {
        continue;
      }
      const [os, cpu] = [OS.exec(name)?.[1], CPU.exec(name)?.[1]];
      const libc = os === 'linux' && (name.includes('musl') ? 'musl' : 'glibc');
      missing[`node_modules/${name}`] = {
        version,
        ...(cpu && { cpu: [cpu] }),
        ...(dev && { dev }),
        ...(libc && { libc: [libc] }),
        optional: true,
        ...(os && { os: [os] }),
      };
    }
  }
  return missing;
}

/** Paths of the entries without a checksum. The first one is the project itself. */
export function withoutIntegrity({ packages }: { packages: LockedPackages }): string[] {
  return Object.keys(packages).filter((path) => path !== '' && !packages[path]!.integrity);
}

/** From the registry. `undefined` if it lacks the package. */
async function findIntegrity(path: string, { version }: LockedPackage): Promise<string | undefined> {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  try {
    const view = await promisify(execFile)('npm', ['view', `${name}@${version}`, 'dist.integrity']);
    return view.stdout.trim() || undefined;
  } catch (error) {
    if (!/\bE404\b/.test((error as { stderr?: string }).stderr ?? '')) {
      throw error;
    }
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const file = new URL('../package-lock.json', import.meta.url);
  const lock: { packages: LockedPackages } = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingPlatformPackages(lock);
  Object.assign(lock.packages, missing);
  const unknown: string[] = [];
  for (const path of withoutIntegrity(lock)) {
    const entry = lock.packages[path]!;
    const integrity = await findIntegrity(path, entry);
    if (integrity === undefined) {
      unknown.push(path);
    } else {
      const { version, ...rest } = entry;
      // Where npm writes it.
      lock.packages[path] = { ...(version !== undefined && { version }), integrity, ...rest };
    }
  }
  const packages = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`);
  process.stdout.write(`${Object.keys(missing).length} packages of other platforms added\n`);
  for (const path of unknown) {
    process.stdout.write(`no checksum: the registry has no ${path}\n`);
  }
}

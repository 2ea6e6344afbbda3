/**
 * Adds the packages of other platforms that npm left out of package-lock.json, which happens if the registry (such as a
 * mirror) lacks them. Without them `npm ci` refuses the file, and npm 10 installs no native code on a Mac. Run it after
 * `npm install` if `test/scripts/lockfile.test.ts` asks for it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const OS = /-(android|darwin|freebsd|linux|openharmony|win32)(?=musl|\b)/;
const CPU = /-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|wasm32|x64)\b/;

interface LockedPackage {
  version?: string;
  optionalDependencies?: Record<string, string>;
  cpu?: string[];
  dev?: boolean;
  libc?: string[];
  optional?: boolean;
  os?: string[];
}
type LockedPackages = Record<string, LockedPackage>;

/** The missing entries by path. They have no `integrity`; npm adds it when it installs them. */
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const file = new URL('../package-lock.json', import.meta.url);
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingPlatformPackages(lock);
  const packages = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) =>
    a.localeCompare(b, 'en'),
  );
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`);
  process.stdout.write(`${Object.keys(missing).length} packages of other platforms added\n`);
}

/**
 * Confinement by the kernel, which binds native code too. The first of these that works on a machine is used:
 *
 * - bubblewrap (https://github.com/containers/bubblewrap): namespaces, in which nothing else exists: no other file, no
 *   process, no network device. Needs user namespaces, which most containers forbid.
 * - setpriv of util-linux 2.40 or newer (Debian 13): Landlock (https://docs.kernel.org/userspace-api/landlock.html) for files
 *   and processes, and a filter of system calls for the network. Works in containers.
 */
import { spawnSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** What a process may use. All paths exist. */
export interface Grants {
  read: readonly string[];
  write: readonly string[];
  devices: readonly string[];
  /** A folder that the process cannot see. */
  hidden: string;
}

export interface KernelConfinement {
  name: 'bubblewrap' | 'landlock';
  /** The beginning of a command: what follows runs confined. */
  wrap(grants: Grants): string[];
  /** Whether a signal that ends the process arrives as an exit code above 128. */
  hidesSignals: boolean;
}

/** `reason`: why there is none. */
export type FoundConfinement =
  | { confinement: KernelConfinement }
  | { confinement: undefined; reason: string };

let found: FoundConfinement | undefined;

/** Looks once per process. Takes about 30 ms. */
export function findKernelConfinement(): FoundConfinement {
  found ??= firstThatWorks([tryBubblewrap, tryLandlock]);
  return found;
}

function firstThatWorks(candidates: ReadonlyArray<() => FoundConfinement>): FoundConfinement {
  const reasons: string[] = [];
  for (const candidate of candidates) {
    const tried = candidate();
    if (tried.confinement) {
      return tried;
    }
    reasons.push(tried.reason);
  }
  return { confinement: undefined, reason: reasons.join('; ') };
}

/** Programs and libraries of the system. */
const SYSTEM = ['/usr', '/lib', '/lib64', '/etc/ld.so.cache', '/sys/devices/system/cpu'];

export function tryBubblewrap(): FoundConfinement {
  let reason = '';
  // Services with ProtectKernelTunables may not mount a /proc of their own. In that of the system, a slot sees that
  // other processes exist, but as a stranger to their user namespace it cannot look into them.
  for (const proc of [
    ['--proc', '/proc'],
    ['--ro-bind', '/proc', '/proc'],
  ]) {
    const base = [
      ...[
        'bwrap',
        '--unshare-all',
        '--unshare-user',
        '--cap-drop',
        'ALL',
        '--die-with-parent',
        '--new-session',
      ],
      ...SYSTEM.flatMap((path) => ['--ro-bind-try', path, path]),
      ...['--dev', '/dev', ...proc, '--ro-bind', process.execPath, process.execPath],
    ];
    const fault = findFault([...base, '--']);
    if (!fault) {
      return {
        confinement: {
          name: 'bubblewrap',
          hidesSignals: true,
          wrap: ({ read, write, devices }) => [
            ...base,
            ...devices.flatMap((path) => ['--dev-bind', path, path]),
            ...(devices.length > 0 ? ['--ro-bind-try', '/sys', '/sys'] : []),
            ...read.flatMap((path) => ['--ro-bind', path, path]),
            ...write.flatMap((path) => ['--bind', path, path]),
            ...['--remount-ro', '/', '--chdir', '/', '--'],
          ],
        },
      };
    }
    reason ||= fault;
  }
  return { confinement: undefined, reason: `bubblewrap: ${reason}` };
}

const TO_READ = 'read-file';
const TO_LIST = 'execute,read-file,read-dir';
/** Without links, and without moving files to other folders. */
const TO_WRITE = `${TO_LIST},write-file,truncate,make-reg,make-dir,remove-file,remove-dir`;
const TO_USE = 'read-file,write-file';

export function tryLandlock(): FoundConfinement {
  const filter = filterSystemCalls(process.arch);
  if (!filter) {
    return { confinement: undefined, reason: `Landlock: not known for ${process.arch}` };
  }
  const rule = (rights: string, path: string) => ['--landlock-rule', `path-beneath:${rights}:${path}`];
  const toRead = (path: string) => {
    const what = statSync(path, { throwIfNoEntry: false });
    return what ? rule(what.isDirectory() ? TO_LIST : TO_READ, path) : [];
  };
  const base = [
    ...['setpriv', '--no-new-privs', '--landlock-access', 'fs'],
    // The rule for /proc/self is for the folder of setpriv's process, which becomes the slot.
    ...[...SYSTEM, '/proc/self', '/proc/cpuinfo', '/proc/meminfo', '/etc/ssl/openssl.cnf'].flatMap(toRead),
    ...rule('execute,read-file', process.execPath),
    ...['/dev/null', '/dev/urandom'].flatMap((path) => rule(TO_USE, path)),
  ];
  const fault = findFault(base);
  return fault
    ? { confinement: undefined, reason: `Landlock: ${fault}` }
    : {
        confinement: {
          name: 'landlock',
          hidesSignals: false,
          wrap({ read, write, devices, hidden }) {
            const path = join(hidden, 'system-calls');
            writeFileSync(path, filter);
            return [
              ...base,
              ...read.flatMap(toRead),
              ...write.flatMap((one) => rule(statSync(one).isDirectory() ? TO_WRITE : TO_USE, one)),
              ...devices.flatMap((one) =>
                rule(statSync(one).isDirectory() ? `${TO_USE},read-dir` : TO_USE, one),
              ),
              ...(devices.length > 0 ? toRead('/sys') : []),
              ...['--seccomp-filter', path],
            ];
          },
        },
      };
}

/** Runs Node after the given command. @returns the reason if that does not work */
function findFault(command: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync(
    '/bin/sh',
    ['-c', 'exec "$@"', 'slot', ...command, process.execPath, '--version'],
    // As slots, whose shell finds programs without a PATH.
    { env: {}, encoding: 'utf8', timeout: 10_000 },
  );
  if (status === 0) {
    return undefined;
  }
  return (
    stderr
      ?.trim()
      .split('\n')
      .at(-1)
      ?.replace(/^slot: \d+: /, '') ||
    (error?.message ?? `it ended with ${status}`)
  );
}

/** AUDIT_ARCH_… and numbers of system calls, from the headers of Linux. */
const ARCHITECTURES: Record<string, { audit: number; calls: readonly number[] }> = {
  // socket, ptrace, process_vm_readv, process_vm_writev, io_uring_setup, pidfd_getfd
  x64: { audit: 0xc000003e, calls: [41, 101, 310, 311, 425, 438] },
  arm64: { audit: 0xc00000b7, calls: [198, 117, 270, 271, 425, 438] },
};
/** x86-64 has a second set of numbers from here on (x32). No other architecture has numbers as large. */
const X32 = 0x40000000;
const LOAD = 0x20;
const IS_EQUAL = 0x15;
const IS_AT_LEAST = 0x35;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
const FAIL_WITH_EACCES = 0x0005000d;
const KILL_PROCESS = 0x80000000;

/**
 * A seccomp filter that refuses sockets of any kind, and looking into other processes. The channel to the parent is open
 * already. Instructions and constants: linux/filter.h, linux/seccomp.h.
 */
function filterSystemCalls(arch: string): Buffer | undefined {
  const known = ARCHITECTURES[arch];
  if (!known || endianness() !== 'LE') {
    return undefined;
  }
  const { audit, calls } = known;
  const refusal = 6 + calls.length;
  const jumpFrom = (at: number) => refusal - at - 1;
  const instructions: Array<[code: number, ifTrue: number, ifFalse: number, value: number]> = [
    [LOAD, 0, 0, 4], // the architecture
    [IS_EQUAL, 1, 0, audit],
    [RETURN, 0, 0, KILL_PROCESS],
    [LOAD, 0, 0, 0], // the number of the call
    [IS_AT_LEAST, jumpFrom(4), 0, X32],
    ...calls.map((call, index): [number, number, number, number] => [IS_EQUAL, jumpFrom(5 + index), 0, call]),
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, FAIL_WITH_EACCES],
  ];
  const bytes = Buffer.alloc(8 * instructions.length);
  for (const [index, [code, ifTrue, ifFalse, value]] of instructions.entries()) {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(ifTrue, 8 * index + 2);
    bytes.writeUInt8(ifFalse, 8 * index + 3);
    bytes.writeUInt32LE(value, 8 * index + 4);
  }
  return bytes;
}

/**
 * What a slot's process may use. It opens files from strangers, so it is treated as if it were hostile: it sees its code,
 * its models and a folder of its own, and has no network. Two layers see to that, with limits on memory, files and CPU time:
 *
 * - Node's permission model (https://nodejs.org/docs/latest-v24.x/api/permissions.html), everywhere. It binds JavaScript
 *   only: native code, such as a decoder that was taken over, can bypass it.
 * - the kernel, on Linux where it can (`kernel-confinement.ts`).
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { PipelineError } from '../errors.ts';
import { type FoundConfinement, findKernelConfinement } from './kernel-confinement.ts';

/** `auto`: by the kernel where it can. `required`: nothing starts without that. `node`: by Node alone. */
export type ConfinementMode = 'auto' | 'required' | 'node';

export interface SlotAccess {
  /** Default: `auto`. */
  mode?: ConfinementMode;
  /** Files and folders to read, besides code and the models of the project. Missing ones are left out. Default: none. */
  readable?: readonly string[];
  /** Folders to write to, besides its own. Missing ones are left out. Default: none. */
  writable?: readonly string[];
  /** Whether it computes on graphics cards. Default: false. */
  usesDevices?: boolean;
  /** Default: the best of this machine. */
  findConfinement?: () => FoundConfinement;
}

export interface SlotLimits {
  /** Private memory that it may write to. */
  memoryMb: number;
  /** From its start to its end, over all threads. */
  cpuS: number;
}

export interface SlotCommand {
  program: string;
  /** What comes before the arguments of Node. */
  args: string[];
  confinedBy: 'bubblewrap' | 'landlock' | 'node';
  /** Whether exit codes above 128 stand for signals. */
  hidesSignals: boolean;
}

/** More than any slot needs. A process that leaks files or fills the disk is stopped by these. */
const MAX_OPEN_FILES = 1024;
const MAX_FILE_BYTES = 8e9;

/**
 * Sets the limits and becomes the given program. Signals that a service manager sends to all processes are ignored: only the
 * parent ends a slot. A limit that is lower already stays.
 */
const LIMIT = `trap '' INT TERM
ulimit -c 0
ulimit -n ${MAX_OPEN_FILES}
ulimit -f ${MAX_FILE_BYTES / 512}
ulimit -d "$1"
ulimit -t "$2"
shift 2
exec "$@"`;

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
/** What a slot runs. Settings, secrets and the default STORAGE_ROOT lie beside these. */
const CODE = ['src', 'node_modules', 'models', 'package.json'].map((name) => join(PROJECT, name));

/** Folders of one process. */
export interface OwnFolders {
  toRead: string;
  toWrite: string;
  /** What the process cannot see. */
  hidden: string;
  /** Compiled code of the project, if there is any. */
  cache?: string | undefined;
}

/**
 * The command that starts Node for a slot.
 * @throws PipelineError CONFIG_INVALID if confinement by the kernel is required and does not work
 */
export function confine(
  {
    mode = 'auto',
    readable = [],
    writable = [],
    usesDevices = false,
    findConfinement = findKernelConfinement,
  }: SlotAccess,
  { memoryMb, cpuS }: SlotLimits,
  own: OwnFolders,
): SlotCommand {
  const found = mode === 'node' ? undefined : findConfinement();
  if (mode === 'required' && found && !found.confinement) {
    throw new PipelineError(
      'CONFIG_INVALID',
      `SLOT_CONFINEMENT is required, but the kernel cannot confine processes here: ${found.reason}`,
    );
  }
  const kernel = found?.confinement;
  // Node uses compiled code only if it may write it. A slot must not: other processes run that code.
  const seemsWritable = kernel && own.cache ? [own.cache] : [];
  const mayRead = withRealPaths([...CODE, ...readable, own.toRead, ...seemsWritable]);
  const mayWrite = withRealPaths([...writable, own.toWrite]);
  const permissions = [
    '--permission',
    // The libraries of pictures, sound and models are native.
    '--allow-addons',
    // It warns of just that.
    '--disable-warning=PERM0001',
    ...[...mayRead, ...mayWrite].map((path) => `--allow-fs-read=${path}`),
    ...[...mayWrite, ...seemsWritable].map((path) => `--allow-fs-write=${path}`),
  ];
  const devices = usesDevices ? findDevices() : [];
  const wrapper = kernel?.wrap({ read: mayRead, write: mayWrite, devices, hidden: own.hidden }) ?? [];
  return {
    program: '/bin/sh',
    args: [
      ...['-c', LIMIT, 'slot', String(memoryMb * 1024), String(cpuS)],
      ...wrapper,
      ...[process.execPath, ...permissions],
    ],
    confinedBy: kernel?.name ?? 'node',
    hidesSignals: kernel?.hidesSignals ?? false,
  };
}

/**
 * CPU seconds of one process: twice what its longest run can take on all cores. Above half of it the process is replaced
 * before its next run, so an honest run never meets the limit.
 */
export function cpuLimit(longestMs: number): number {
  return Math.ceil((2 * longestMs * availableParallelism()) / 1000);
}

/** NVIDIA's devices for CUDA, and those that encode video. */
function findDevices(): string[] {
  const names = existsSync('/dev') ? readdirSync('/dev') : [];
  return names
    .filter((name) => /^(nvidia|nvhost|nvmap|dri$|dxg$)/.test(name))
    .map((name) => join('/dev', name));
}

/** Node checks the real path of what it loads, and a link leads nowhere in a namespace without its target. */
function withRealPaths(paths: readonly string[]): string[] {
  return [...new Set(paths.filter(existsSync).flatMap((path) => [path, realpathSync(path)]))];
}

/** The signal that ended a process, from its exit code as in shells. */
export function signalOf(exitCode: number): NodeJS.Signals | undefined {
  const names = Object.entries(constants.signals) as Array<[NodeJS.Signals, number]>;
  return names.find(([, number]) => number === exitCode - 128)?.[0];
}

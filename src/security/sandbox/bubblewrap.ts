import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import type { Limits, SandboxCommand } from './options.ts';

/** File descriptors of bubblewrap: it reads the filter from one and writes the first process's id to the other. */
export const FILTER_FD = 3;
export const INFO_FD = 4;

/**
 * V8 and allocators reserve address space that RLIMIT_DATA counts although it is never touched. Memory in use is
 * limited separately.
 */
const RESERVED_BYTES = 3 * 2 ** 30;
/** System programs and libraries. Symbolic links (merged /usr) are recreated as links. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/etc/ld.so.cache', '/etc/alternatives'];
/** Excludes /dev/zero: a shared mapping of it is memory that no per-process limit counts. */
const DEVICES = ['/dev/null', '/dev/urandom', '/dev/random'];

/** bubblewrap's own process counts towards the limit. */
const REAPER = 1;
/** From this kernel on, RLIMIT_NPROC counts per user namespace; before, it counted all processes of the user. */
const COUNTS_PER_NAMESPACE = [5, 14] as const;

/**
 * Returns the command line that runs `command` in the sandbox. bubblewrap creates namespaces of every kind (no
 * network, own process ids), a read-only root with the system's programs and the given paths, and an empty /tmp of
 * bounded size; it drops all capabilities, detaches from the terminal and dies with this process. prlimit
 * (util-linux) sets the limits that the kernel enforces. With `uid` (for a node that runs as root) the command runs
 * as that user, who owns nothing on the machine; without, in a new user namespace.
 */
export function commandLine(options: SandboxCommand, limits: Limits, uid: number | undefined): string[] {
  return [
    ...[
      'bwrap',
      '--cap-drop',
      'ALL',
      ...(uid === undefined ? ['--unshare-user'] : ['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID']),
    ],
    ...isolation(options, limits),
    '--',
    ...(uid === undefined
      ? []
      : ['setpriv', '--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups', '--']),
    ...['prlimit', ...resourceLimits(limits, uid), '--', ...options.command],
  ];
}

function resourceLimits(limits: Limits, uid: number | undefined): string[] {
  const { memoryBytes, cpuSeconds, threads, fileBytes, openFiles } = limits;
  const set: Record<string, number | string> = {
    core: 0,
    // The soft limit's signal (SIGXCPU) identifies the cause; the hard limit's (SIGKILL) does not.
    cpu: `${cpuSeconds}:${cpuSeconds + 1}`,
    data: memoryBytes + RESERVED_BYTES,
    fsize: fileBytes,
    memlock: 2 ** 20,
    msgqueue: 0,
    nofile: openFiles,
  };
  if (uid !== undefined || isKernelSince(COUNTS_PER_NAMESPACE)) set.nproc = threads + REAPER;
  return Object.entries(set).map(([name, value]) => `--${name}=${value}`);
}

function isKernelSince([major, minor]: readonly [number, number]): boolean {
  const [a = 0, b = 0] = release().split('.').map(Number);
  return a > major || (a === major && b >= minor);
}

function isolation({ readOnly, environment }: SandboxCommand, { temporaryBytes }: Limits): string[] {
  const variables = { PATH: '/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8', ...environment };
  return [
    ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
    ...['--die-with-parent', '--new-session', '--hostname', 'sandbox', '--clearenv'],
    ...Object.entries(variables).flatMap(([name, value]) => ['--setenv', name, value]),
    ...SYSTEM.flatMap(systemMount),
    ...['--proc', '/proc', '--remount-ro', '/proc', '--size', '65536', '--tmpfs', '/dev'],
    ...DEVICES.flatMap((device) => ['--dev-bind', device, device]),
    ...['--remount-ro', '/dev', '--perms', '1777', '--size', String(temporaryBytes), '--tmpfs', '/tmp'],
    ...readOnly.flatMap(({ path, at }) => bind(path, at ?? path)),
    ...['--remount-ro', '/', '--chdir', '/tmp'],
    ...['--seccomp', String(FILTER_FD), '--info-fd', String(INFO_FD)],
  ];
}

function systemMount(path: string): string[] {
  if (!existsSync(path)) return [];
  return lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : bind(path, path);
}

/** Creates the parent folders explicitly: bubblewrap would create them readable by root only. */
function bind(path: string, at: string): string[] {
  const above: string[] = [];
  for (let folder = dirname(at); folder !== '/'; folder = dirname(folder)) above.unshift('--dir', folder);
  return [...above, '--ro-bind', path, at];
}

import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { dirname } from 'node:path';
import type { Limits, SandboxCommand } from './options.ts';

/** Descriptors of bubblewrap that carry the filter in and the first process's id out. */
export const FILTER_FD = 3;
export const INFO_FD = 4;

/** V8 and allocators reserve address space that counts as data and is never touched; what is touched is watched. */
const RESERVED_BYTES = 3 * 2 ** 30;
/** The system's programs and libraries; where one is a link (merged /usr), the link. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/etc/ld.so.cache', '/etc/alternatives'];
/** Not /dev/zero: a shared mapping of it is memory that no limit of a process counts. */
const DEVICES = ['/dev/null', '/dev/urandom', '/dev/random'];

/** bubblewrap's own process, which counts too. */
const REAPER = 1;
/** Since this kernel a user namespace counts its own processes; before, RLIMIT_NPROC counted all of the user's. */
const COUNTS_PER_NAMESPACE = [5, 14] as const;

/**
 * The command line that runs `command` in the sandbox. bubblewrap makes namespaces of all kinds (no network, own
 * processes), a read-only root that holds the system's programs and what was given, an empty /tmp of bounded size, no
 * capabilities, no terminal, and dies with us; prlimit (util-linux) sets what the kernel enforces. With `uid` (for a
 * node of root) it becomes a user of this one run, who owns nothing on the machine; else a user namespace is made.
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
    // The soft limit's signal says what happened, the hard one's does not.
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

/** bubblewrap would make the folders above for root's eyes only. */
function bind(path: string, at: string): string[] {
  const above: string[] = [];
  for (let folder = dirname(at); folder !== '/'; folder = dirname(folder)) above.unshift('--dir', folder);
  return [...above, '--ro-bind', path, at];
}

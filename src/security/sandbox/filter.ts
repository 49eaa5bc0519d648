import {
  ALLOW,
  and,
  assemble,
  type Instruction,
  KILL,
  loadArchitecture,
  loadArgument,
  loadNumber,
  refuse,
  returnAction,
  unlessEqual,
  whenAtLeast,
  whenEqual,
} from './bpf.ts';
import {
  AUDIT_ARCHITECTURE,
  FIRST_UNKNOWN,
  type Machine,
  numberOf,
  type SystemCall,
} from './system-calls.ts';

const [EPERM, EAGAIN, EACCES, ENOSYS] = [1, 11, 13, 38];

/** Calls that neither a model nor its runtime needs. They kill the process. */
const FATAL: readonly SystemCall[] = [
  ...(['ptrace', 'process_vm_readv', 'process_vm_writev', 'process_madvise', 'kcmp', 'pidfd_getfd'] as const),
  ...(['kexec_load', 'kexec_file_load', 'init_module', 'finit_module', 'delete_module', 'bpf'] as const),
  ...(['perf_event_open', 'userfaultfd', 'reboot', 'swapon', 'swapoff', 'syslog', 'acct'] as const),
  ...(['quotactl', 'quotactl_fd', 'iopl', 'ioperm', 'modify_ldt', 'vhangup', 'lookup_dcookie'] as const),
  ...(['fanotify_init', 'add_key', 'request_key', 'keyctl', 'mount', 'umount2', 'pivot_root'] as const),
  ...(['chroot', 'open_tree', 'move_mount', 'fsopen', 'fsconfig', 'fsmount', 'fspick'] as const),
  ...(['mount_setattr', 'unshare', 'setns', 'name_to_handle_at', 'open_by_handle_at'] as const),
  ...(['sethostname', 'setdomainname', 'settimeofday', 'clock_settime', 'adjtimex'] as const),
  ...(['clock_adjtime', 'bind', 'listen', 'memfd_secret'] as const),
];

/** Calls that honest runtimes probe at startup and can do without. They fail with an error that the runtimes handle. */
const REFUSED: Readonly<Partial<Record<SystemCall, number>>> = {
  memfd_create: EPERM,
  shmget: EPERM,
  shmat: EPERM,
  semget: EPERM,
  msgget: EPERM,
  mq_open: EPERM,
  personality: EPERM,
  io_uring_setup: ENOSYS,
  io_uring_enter: ENOSYS,
  io_uring_register: ENOSYS,
  // Its flags lie in memory, which a filter cannot read; the C library falls back to clone.
  clone3: ENOSYS,
};

/** The bit in the call number that marks the x32 ABI. */
const X32 = 0x40000000;
/** CLONE_NEW* of linux/sched.h: mount, cgroup, UTS, IPC, user, process, network namespaces. */
const NEW_NAMESPACES = 0x7e020000;
const CLONE_THREAD = 0x00010000;
/** MAP_SHARED | MAP_ANONYMOUS: memory that RLIMIT_DATA does not count. */
const SHARED_ANONYMOUS = 0x21;
const [AF_UNIX, AF_NETLINK] = [1, 16];
/** TIOCSTI and TIOCLINUX: they insert input into the terminal as if it had been typed. */
const TERMINAL_INPUT = [0x5412, 0x541c];

/**
 * Builds the sandbox's seccomp program. Known harmless calls are allowed. Calls that reach for other processes, the
 * kernel, mounts, namespaces, keys or the network kill the process (SIGSYS). Calls newer than the table fail with
 * ENOSYS. `processes`: whether new processes may be created; threads always may.
 */
export function systemCallFilter(machine: Machine, { processes }: { processes: boolean }): Uint8Array {
  const on = (call: SystemCall, then: readonly Instruction[]): Instruction[] => {
    const number = numberOf(call, machine);
    return number === undefined ? [] : whenEqual(number, then);
  };
  return assemble([
    loadArchitecture,
    ...unlessEqual(AUDIT_ARCHITECTURE[machine], [returnAction(KILL)]),
    loadNumber,
    ...(machine === 'x64' ? whenAtLeast(X32, [returnAction(KILL)]) : []),
    ...whenAtLeast(FIRST_UNKNOWN, [returnAction(refuse(ENOSYS))]),
    ...FATAL.flatMap((call) => on(call, [returnAction(KILL)])),
    ...Object.entries(REFUSED).flatMap(([call, errno]) =>
      on(call as SystemCall, [returnAction(refuse(errno))]),
    ),
    ...on('socket', [
      loadArgument(0),
      ...whenEqual(AF_UNIX, [returnAction(refuse(EACCES))]),
      ...whenEqual(AF_NETLINK, [returnAction(refuse(EACCES))]),
      returnAction(KILL),
    ]),
    ...on('ioctl', [
      loadArgument(1),
      ...TERMINAL_INPUT.flatMap((command) => whenEqual(command, [returnAction(refuse(EPERM))])),
      returnAction(ALLOW),
    ]),
    ...on('mmap', [
      loadArgument(3),
      and(SHARED_ANONYMOUS),
      ...whenEqual(SHARED_ANONYMOUS, [returnAction(refuse(EPERM))]),
      returnAction(ALLOW),
    ]),
    ...on('clone', [
      loadArgument(0),
      and(NEW_NAMESPACES),
      ...unlessEqual(0, [returnAction(KILL)]),
      ...(processes
        ? []
        : [loadArgument(0), and(CLONE_THREAD), ...whenEqual(0, [returnAction(refuse(EAGAIN))])]),
      returnAction(ALLOW),
    ]),
    ...(processes
      ? []
      : (['fork', 'vfork'] as const).flatMap((call) => on(call, [returnAction(refuse(EAGAIN))]))),
    returnAction(ALLOW),
  ]);
}

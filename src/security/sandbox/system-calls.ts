/** System call numbers of Linux: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h. */

export type Machine = 'x64' | 'arm64';

/** AUDIT_ARCH_* of linux/audit.h. */
export const AUDIT_ARCHITECTURE: Readonly<Record<Machine, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

/** Numbers from here on are not in this table (Linux 6.12 defines calls up to 466). */
export const FIRST_UNKNOWN = 467;

/** [x64, arm64]; −1 if the machine does not have the call. */
const NUMBERS = {
  socket: [41, 198],
  bind: [49, 200],
  listen: [50, 201],
  mmap: [9, 222],
  ioctl: [16, 29],
  clone: [56, 220],
  fork: [57, -1],
  vfork: [58, -1],
  clone3: [435, 435],
  // other processes
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  kcmp: [312, 272],
  pidfd_getfd: [438, 438],
  // the kernel itself
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  syslog: [103, 116],
  acct: [163, 89],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  iopl: [172, -1],
  ioperm: [173, -1],
  modify_ldt: [154, -1],
  vhangup: [153, 58],
  lookup_dcookie: [212, 18],
  fanotify_init: [300, 262],
  // keys
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // mounts and namespaces
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  unshare: [272, 97],
  setns: [308, 268],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  // clocks
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  adjtimex: [159, 171],
  clock_adjtime: [305, 266],
  // memory and queues that no per-process limit counts
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  shmget: [29, 194],
  shmat: [30, 196],
  semget: [64, 190],
  msgget: [68, 186],
  mq_open: [240, 180],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  personality: [135, 92],
} as const satisfies Record<string, readonly [number, number]>;

export type SystemCall = keyof typeof NUMBERS;

/** The call's number; undefined if the machine does not have it. */
export function numberOf(call: SystemCall, machine: Machine): number | undefined {
  const number = NUMBERS[call][machine === 'x64' ? 0 : 1];
  return number < 0 ? undefined : number;
}

import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { BitorchError } from '#base';
import { INFO_FD } from './bubblewrap.ts';

const CLOSE_ON_EXEC = 0o2000000;
const MAX_DESCRIPTOR = 4096;

/**
 * Starts a process that inherits no open files of this process beyond those given to it. Node opens its own files
 * close-on-exec, but descriptors that this process inherited may stay open: each is replaced by /dev/null. `start`
 * receives the stdio entries that follow the given descriptors. Throws SANDBOX_FAILED when an inheritable descriptor
 * is too high to replace.
 */
export function withoutInherited<T>(start: (others: readonly number[]) => T): T {
  const last = Math.max(INFO_FD, ...inheritable());
  if (last > MAX_DESCRIPTOR)
    throw new BitorchError(
      'SANDBOX_FAILED',
      `descriptor ${last} was left open by the process that started this node: close it before starting the node`,
    );
  if (last === INFO_FD) return start([]);
  const nothing = openSync('/dev/null', 'r');
  try {
    return start(new Array<number>(last - INFO_FD).fill(nothing));
  } finally {
    closeSync(nothing);
  }
}

/** Descriptors that a child process would inherit: proc_pid_fdinfo(5). */
function inheritable(): number[] {
  return readdirSync('/proc/self/fdinfo').map(Number).filter(staysOpen);
}

function staysOpen(descriptor: number): boolean {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    const flags = Number.parseInt(/^flags:\s+([0-7]+)$/m.exec(info)?.[1] ?? '0', 8);
    return (flags & CLOSE_ON_EXEC) === 0;
  } catch {
    // The descriptor of the directory listing itself is closed by now.
    return false;
  }
}

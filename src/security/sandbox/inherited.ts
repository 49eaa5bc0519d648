import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { BitorchError } from '#base';
import { INFO_FD } from './bubblewrap.ts';

const CLOSE_ON_EXEC = 0o2000000;
const MAX_DESCRIPTOR = 4096;

/**
 * Starts a process that inherits none of our open files beyond those that it is given. Node's own files close themselves
 * when a program is started, those that we inherited need not: each is replaced by /dev/null. `start` gets what follows
 * the given descriptors. Throws SANDBOX_FAILED when too high a descriptor is open.
 */
export function withoutInherited<T>(start: (others: readonly number[]) => T): T {
  const last = Math.max(INFO_FD, ...inheritable());
  if (last > MAX_DESCRIPTOR)
    throw new BitorchError('SANDBOX_FAILED', `the descriptor ${last} was left open by who started this node`);
  if (last === INFO_FD) return start([]);
  const nothing = openSync('/dev/null', 'r');
  try {
    return start(new Array<number>(last - INFO_FD).fill(nothing));
  } finally {
    closeSync(nothing);
  }
}

/** Our descriptors that a program which we start would inherit: proc_pid_fdinfo(5). */
function inheritable(): number[] {
  return readdirSync('/proc/self/fdinfo').map(Number).filter(staysOpen);
}

function staysOpen(descriptor: number): boolean {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
    const flags = Number.parseInt(/^flags:\s+([0-7]+)$/m.exec(info)?.[1] ?? '0', 8);
    return (flags & CLOSE_ON_EXEC) === 0;
  } catch {
    // The listing itself was open while it was read.
    return false;
  }
}

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const PAGE_BYTES = 4096;
const TICKS_PER_SECOND = 100;

/** One process as /proc shows it: proc_pid_stat(5). */
interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMs: number;
  readonly threads: number;
  readonly residentBytes: number;
}

/**
 * Returns `root` and all its descendants. Orphans are reparented to the first process of their namespace, so none
 * escapes.
 */
export function descendants(root: number): ProcessStat[] {
  const children = new Map<number, ProcessStat[]>();
  let self: ProcessStat | undefined;
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : undefined;
    if (!stat) continue;
    if (stat.pid === root) self = stat;
    children.set(stat.parent, [...(children.get(stat.parent) ?? []), stat]);
  }
  const found = self ? [self] : [];
  for (const { pid } of found) found.push(...(children.get(pid) ?? []));
  return found;
}

/** Undefined for a process that has already ended. */
function statOf(pid: number): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses, which may itself contain parentheses.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent, user, system, threads, pages] = [1, 11, 12, 17, 21].map((i) => fields[i] ?? 0);
    return {
      pid,
      parent: parent!,
      cpuMs: ((user! + system!) * 1000) / TICKS_PER_SECOND,
      threads: threads!,
      residentBytes: pages! * PAGE_BYTES,
    };
  } catch {
    return undefined;
  }
}

/** Peak resident memory of a process (VmHWM) in bytes; 0 if it has already ended. */
export function highWaterBytes(pid: number): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Targets of a process's open descriptors except standard streams; empty without permission to read them. */
export function openTargets(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return Number(fd) > 2 ? [readlinkSync(`/proc/${pid}/fd/${fd}`)] : [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

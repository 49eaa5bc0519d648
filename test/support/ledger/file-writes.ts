import { spawnSync } from 'node:child_process';

/** What a process did to a file, in order. */
export type FileEvent =
  | { readonly kind: 'sync' }
  /** `through`: on the disk when the call returns (O_DSYNC). */
  | { readonly kind: 'write'; readonly from: number; readonly to: number; readonly through: boolean };

export const canTrace = (): boolean => spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

/** Runs a program to its end and has strace write down what it does to files. */
export function traceWrites(command: readonly string[], log: string): void {
  const calls = 'trace=openat,lseek,pwrite64,pwritev,writev,write,fsync,fdatasync,msync,ftruncate';
  const { error } = spawnSync('strace', ['-f', '-y', '-s', '0', '-e', calls, '-o', log, ...command]);
  if (error) throw error;
}

/** Reads strace's log. Throws for a call that it does not know: none must be overlooked. */
export function fileEvents(log: string, path: string): FileEvent[] {
  const events: FileEvent[] = [];
  const through = new Set<string>();
  const positions = new Map<string, number>();
  for (const line of log.split('\n')) {
    if (!line.includes(`${path}>`) || /\b(read|pread64)\(/.test(line)) continue;
    const [, call = '', args = '', result = '0'] = /^\d+ +(\w+)\((.*)\) += (-?\d+)/.exec(line) ?? [];
    const fd = /^(\d+)</.exec(args)?.[1] ?? '';
    const write = (from: number) =>
      events.push({ kind: 'write', from, to: from + Number(result), through: through.has(fd) });
    if (call === 'openat') {
      if (/O_D?SYNC/.test(args)) through.add(result);
    } else if (call === 'lseek') positions.set(fd, Number(result));
    else if (call === 'pwrite64' || call === 'pwritev') write(Number(/(\d+)$/.exec(args)![1]));
    else if (call === 'write' || call === 'writev') {
      const at = positions.get(fd) ?? 0;
      write(at);
      positions.set(fd, at + Number(result));
    } else if (call === 'fsync' || call === 'fdatasync') events.push({ kind: 'sync' });
    else throw new Error(`strace shows something else done to the file: ${line}`);
  }
  return events;
}

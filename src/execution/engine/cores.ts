import { BitorchError } from '#base';
import { inNode } from './platform.ts';

/** Cores that this process could use when it first asked; a thread that stays on one of them sees only that one. */
let cores: readonly number[] | undefined;

/**
 * `count` of the cores that this process may use, from the `first` of them on and around. Throws PIN_UNAVAILABLE where
 * threads cannot be kept on them, or where there are fewer.
 */
export async function takeCores(first: number, count: number): Promise<readonly number[]> {
  cores ??= await usableCores();
  const { length } = cores;
  if (length >= count) return Array.from({ length: count }, (_, i) => cores![(first + i) % length]!);
  throw new BitorchError(
    'PIN_UNAVAILABLE',
    `${count} threads cannot each keep a core of ${length}: take fewer threads, or do not pin them`,
  );
}

/** Keeps the thread that calls on one core from now on. Wake-ups then never have to look for another. */
export async function stayOn(core: number): Promise<void> {
  const [{ readlinkSync }, { execFileSync }] = await Promise.all([
    import('node:fs'),
    import('node:child_process'),
  ]);
  // Only a call that does not leave this thread finds this thread.
  const thread = readlinkSync('/proc/thread-self').split('/').at(-1)!;
  try {
    execFileSync('taskset', ['-pc', String(core), thread], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    throw unavailable(error);
  }
}

/** As the kernel lists them: 0-3,6 and so on. */
async function usableCores(): Promise<readonly number[]> {
  if (!inNode) throw unavailable();
  const { readFile } = await import('node:fs/promises');
  const status = await readFile('/proc/self/status', 'utf8').catch((error: unknown) => {
    throw unavailable(error);
  });
  const ranges = /^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1]?.split(',') ?? [];
  return ranges.flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: last! - first + 1 }, (_, i) => first + i);
  });
}

const unavailable = (cause?: unknown) =>
  new BitorchError(
    'PIN_UNAVAILABLE',
    'threads can be kept on their cores on Linux only, with the program taskset (package util-linux): do not pin them',
    {},
    cause,
  );

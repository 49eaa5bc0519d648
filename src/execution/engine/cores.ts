import { BitorchError } from '#base';
import { inNode } from './platform.ts';

/** Cores this process may use, read before any thread is pinned: a pinned thread sees only its own core. */
let cores: readonly number[] | undefined;

/**
 * `count` of the cores that this process may use, starting at index `first` and wrapping around. Throws PIN_UNAVAILABLE when
 * the platform cannot pin threads or has fewer cores.
 */
export async function takeCores(first: number, count: number): Promise<readonly number[]> {
  cores ??= await usableCores();
  const { length } = cores;
  if (length >= count) return Array.from({ length: count }, (_, i) => cores![(first + i) % length]!);
  throw new BitorchError(
    'PIN_UNAVAILABLE',
    `cannot pin ${count} threads to ${length} cores: use fewer threads, or do not pin them`,
  );
}

/** Pins the calling thread to a core, so that wake-ups never migrate it. Throws PIN_UNAVAILABLE when pinning fails. */
export async function stayOn(core: number): Promise<void> {
  const [{ readlinkSync }, { execFileSync }] = await Promise.all([
    import('node:fs'),
    import('node:child_process'),
  ]);
  // /proc/thread-self names the calling thread, so the read must be synchronous.
  const thread = readlinkSync('/proc/thread-self').split('/').at(-1)!;
  try {
    execFileSync('taskset', ['-pc', String(core), thread], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    throw unavailable(error);
  }
}

/** Parses Cpus_allowed_list of /proc/self/status, for example "0-3,6". */
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
    'pinning threads requires Linux and the program taskset (package util-linux): do not pin them',
    {},
    cause,
  );

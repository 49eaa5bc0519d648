import { codeOf, pause } from '#base';

const RETRY_MS = 500;

/** Whether an error means that the disk is full. */
export function isDiskFull(error: unknown): boolean {
  return ['JOURNAL_FULL', 'DISK_FULL', 'ENOSPC', 'EDQUOT'].includes(codeOf(error));
}

/**
 * Retries a disk write while the disk is full: no write may be skipped, so everything behind it waits. Throws any
 * other error, and when `signal` aborts.
 */
export async function whenSpace<T>(
  write: () => T | Promise<T>,
  { signal, onFull, onSpace }: { signal: AbortSignal; onFull(error: unknown): void; onSpace(): void },
): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      const result = await write();
      if (tries > 0) onSpace();
      return result;
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      onFull(error);
    }
    await pause(RETRY_MS, signal);
  }
}

import { setTimeout as timeout } from 'node:timers/promises';

/** Resolves after `ms` milliseconds. Rejects with an AbortError as soon as `signal` aborts. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await timeout(ms, undefined, signal && { signal });
}

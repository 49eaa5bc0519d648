import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** Steps of nice: a ninth of the share of a thread without them, when both want the same core. */
const NICER = 10;

/**
 * Lets all other threads of the process go first. On Linux priorities are of threads, and the kernel names the one that
 * asks; elsewhere this does nothing.
 */
export function yieldToOthers(): void {
  try {
    const thread = /(\d+)$/.exec(readlinkSync('/proc/thread-self'));
    const id = Number(thread![1]);
    setPriority(id, Math.min(19, getPriority(id) + NICER));
  } catch {
    // No such file, or not allowed: it was for speed only.
  }
}

import { readlinkSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** Nice increment: a thread with it gets a ninth of the share of one without when both want the same core. */
const NICER = 10;

/**
 * Lowers the priority of the calling thread below all others of the process. Linux sets priorities per thread;
 * elsewhere this does nothing.
 */
export function yieldToOthers(): void {
  try {
    const thread = /(\d+)$/.exec(readlinkSync('/proc/thread-self'));
    const id = Number(thread![1]);
    setPriority(id, Math.min(19, getPriority(id) + NICER));
  } catch {
    // File missing or permission denied: only speed is affected.
  }
}

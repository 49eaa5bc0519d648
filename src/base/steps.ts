import { LOOP_PACE, type Pace } from './pace.ts';

/** Computing in steps of a few milliseconds, each ended by `yield`, and what comes of it. */
export type Steps<T> = Generator<void, T, void>;

/** Does all steps at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Does the steps at the pace of the event loop, so that timers and sockets have their turns in between. */
export async function finishInTurns<T>(steps: Steps<T>, pace: Pace = LOOP_PACE): Promise<T> {
  for (;;) {
    const later = pace.wait();
    if (later) await later;
    const { done, value } = steps.next();
    if (done) return value;
  }
}

import { LOOP_PACE, type Pace } from './pace.ts';

/** A computation in steps of a few milliseconds, separated by `yield`; T is its result. */
export type Steps<T> = Generator<void, T, void>;

/** Runs all steps without a pause. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Runs the steps at the pace of the event loop, so that timers and sockets are served in between. */
export async function finishInTurns<T>(steps: Steps<T>, pace: Pace = LOOP_PACE): Promise<T> {
  for (;;) {
    const later = pace.wait();
    if (later) await later;
    const { done, value } = steps.next();
    if (done) return value;
  }
}

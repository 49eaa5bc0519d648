// How threads of one crew meet. All of them run the same code on the same memory and split rows, heads or tiles.
import { ARRIVED, CONTROL_BARRIER, CONTROL_BARRIER_SLEEPERS, CONTROL_BROKEN, THREADS } from './parameters.as';

// some 0.1 ms: longer than it takes to wake a sleeper, of which a token has hundreds of chances
const SPINS: i32 = 40000;
const NAP: i64 = 200_000; // ns; a guard only, the last to arrive wakes the sleepers

/** Arrivals that this thread has to see before it may pass. */
let expected: i32 = 0;

/** Called by every thread as a job begins: the host wrote the count when no thread was in a barrier. */
@inline export function meet(): void { expected = load<i32>(ARRIVED); }

/** Passes when all threads have arrived; traps when one of them cannot any more. */
export function barrier(): void {
  const threads = load<i32>(THREADS);
  if (threads == 1) return;
  expected += threads;
  if (atomic.add<i32>(CONTROL_BARRIER, 1) + 1 == expected) {
    if (atomic.load<i32>(CONTROL_BARRIER_SLEEPERS) > 0) atomic.notify(CONTROL_BARRIER, -1);
    return;
  }
  for (let spins = 0; ; ) {
    const arrived = atomic.load<i32>(CONTROL_BARRIER);
    if (arrived - expected >= 0) return;
    if (++spins < SPINS) continue;
    if (atomic.load<i32>(CONTROL_BROKEN) != 0) unreachable();
    atomic.add<i32>(CONTROL_BARRIER_SLEEPERS, 1);
    atomic.wait<i32>(CONTROL_BARRIER, arrived, NAP);
    atomic.sub<i32>(CONTROL_BARRIER_SLEEPERS, 1);
    spins = 0;
  }
}

/** Start of part `part` when n things are split over all threads; part = threads gives the end. */
@inline export function share(n: i32, part: i32): i32 { return n * part / load<i32>(THREADS); }

// How threads share one job. Each phase of it is a number of units of work, of which every thread takes some at a time
// until none is left; the next phase begins when all are done. Nobody is waited for who has taken nothing: one that
// wakes up late, or that the system has put aside, takes part from where the others are. All count the same units.
import { CONTROL_BROKEN, CONTROL_DONE, CONTROL_JOBS, CONTROL_SLEEPERS, CONTROL_TAKEN, THREADS } from './parameters.as';

// some 0.1 ms
const SPINS: i32 = 40000;
const NAP: i64 = 200_000; // ns; a guard only, the last to finish wakes the sleepers

/** The job that this thread takes part in: jobs are numbered with the odd numbers, in between none is open. */
let job: u32 = 0;
/** Units of the job before the phase, and with it. */
let start: i32 = 0;
let end: i32 = 0;
/** Units [from, to) of the phase that this thread has taken. */
export let from: i32 = 0;
export let to: i32 = 0;

/** CONTROL_TAKEN holds the job's number above the count of its units that are taken: who is late takes none of the next. */
@inline function open(): u32 { return <u32>(atomic.load<u64>(CONTROL_TAKEN) >> 32); }

/** The leader begins a job whose parameters are written. Who was called for it long ago sleeps again. */
export function begin(): void {
  job = open() + 1;
  end = 0;
  atomic.store<i32>(CONTROL_DONE, 0);
  atomic.store<u64>(CONTROL_TAKEN, <u64>job << 32);
  if (load<i32>(THREADS) == 1) return;
  atomic.add<i32>(CONTROL_JOBS, 1);
  atomic.notify(CONTROL_JOBS, -1);
}

/** The leader ends the job, all of whose units are done. */
export function close(): void { atomic.store<u64>(CONTROL_TAKEN, <u64>(job + 1) << 32); }

/** Comes in on the job that opens soon, if one does. */
export function join(): bool {
  end = 0;
  for (let spins = 0; spins < SPINS; spins++) {
    job = open();
    if (job & 1) return true;
  }
  return false;
}

/** The next phase of the job is `units` units. */
export function phase(units: i32): void {
  start = end;
  end += units;
}

/**
 * Takes a fair share of the phase's units, or what is left of them; false when nothing is. Smaller parts would even out
 * more, and cost more than that: each walks its part of the weights with many streams that have to begin.
 */
export function take(): bool {
  for (;;) {
    const taken = atomic.load<u64>(CONTROL_TAKEN), left = end - <i32>taken;
    if (<u32>(taken >> 32) != job || left <= 0) return false;
    const threads = load<i32>(THREADS), count = min(left, (end - start + threads - 1) / threads);
    if (atomic.cmpxchg<u64>(CONTROL_TAKEN, taken, taken + count) != taken) continue;
    from = <i32>taken - start;
    to = from + count;
    return true;
  }
}

/** The units that this thread took are done. */
export function finish(): void {
  const count = to - from;
  if (atomic.add<i32>(CONTROL_DONE, count) + count == end && atomic.load<i32>(CONTROL_SLEEPERS) > 0) {
    atomic.notify(CONTROL_DONE, -1);
  }
}

/** Waits until the phase is done, false: the job is over. Traps when a thread has died. */
export function pass(): bool {
  for (let spins = 1, done: i32; (done = atomic.load<i32>(CONTROL_DONE)) < end; spins++) {
    if ((spins & 63) != 0) continue;
    if (open() != job) return false;
    if (spins < SPINS) continue;
    if (atomic.load<i32>(CONTROL_BROKEN) != 0) unreachable();
    atomic.add<i32>(CONTROL_SLEEPERS, 1);
    atomic.wait<i32>(CONTROL_DONE, done, NAP);
    atomic.sub<i32>(CONTROL_SLEEPERS, 1);
    spins = 0;
  }
  return true;
}

// Scheduling of one job over threads. A job is a sequence of phases, each with a number of units of work. Threads take units
// until none are left, and the next phase begins when all units are finished. A thread that has taken no units is never waited
// for: one that wakes up late or was preempted joins at the current phase. All threads count the same units.
import { CONTROL_BROKEN, CONTROL_DONE, CONTROL_JOBS, CONTROL_SLEEPERS, CONTROL_TAKEN, THREADS } from './parameters.as';

/** Iterations of a spin loop before a thread sleeps, about 0.1 ms. */
const SPINS: i32 = 40000;
/** Longest sleep in ns. A safeguard: the last thread to finish wakes the sleepers. */
const NAP: i64 = 200_000;

/** The job that this thread has joined. Open jobs have odd numbers; even numbers mean that no job is open. */
let job: u32 = 0;
/** The current phase has units [start, end) of the job. */
let start: i32 = 0;
let end: i32 = 0;
/** Units [from, to) that this thread has taken, counted from the start of the phase. */
export let from: i32 = 0;
export let to: i32 = 0;

/**
 * Number of the current job. CONTROL_TAKEN holds it in its upper half, next to the count of units taken, so that a late thread
 * cannot take units of the next job.
 */
@inline function open(): u32 { return <u32>(atomic.load<u64>(CONTROL_TAKEN) >> 32); }

/** Leader: opens a job whose parameters are written, and wakes threads that went back to sleep after an early call. */
export function begin(): void {
  job = open() + 1;
  end = 0;
  atomic.store<i32>(CONTROL_DONE, 0);
  atomic.store<u64>(CONTROL_TAKEN, <u64>job << 32);
  if (load<i32>(THREADS) == 1) return;
  atomic.add<i32>(CONTROL_JOBS, 1);
  atomic.notify(CONTROL_JOBS, -1);
}

/** Leader: closes the job after all its units are finished. */
export function close(): void { atomic.store<u64>(CONTROL_TAKEN, <u64>(job + 1) << 32); }

/** Joins the open job, or one that opens within SPINS. False when none does. */
export function join(): bool {
  end = 0;
  for (let spins = 0; spins < SPINS; spins++) {
    job = open();
    if (job & 1) return true;
  }
  return false;
}

/** Starts the next phase of the job, with `units` units. */
export function phase(units: i32): void {
  start = end;
  end += units;
}

/**
 * Takes a fair share of the phase's units, or the rest of them; false when none are left. Smaller shares would balance better
 * but cost more than they gain, because each share starts many memory streams over the weights.
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

/** Marks the units that this thread took as finished. */
export function finish(): void {
  const count = to - from;
  if (atomic.add<i32>(CONTROL_DONE, count) + count == end && atomic.load<i32>(CONTROL_SLEEPERS) > 0) {
    atomic.notify(CONTROL_DONE, -1);
  }
}

/** Waits until the phase is finished. False: the job was closed. Traps when a thread has crashed. */
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

// How threads of one crew work together. The leader, number 0, waits for nobody who sleeps: a job is begun by those who
// are there, the others come in between blocks. All run the same code on the same memory and split rows, heads or tiles.
import {
  CLOSED, CONTROL_BARRIER, CONTROL_BARRIER_SLEEPERS, CONTROL_BROKEN, CONTROL_PRESENT, CONTROL_TEAM, JOIN_BARRIER, JOIN_BLOCK, THREADS,
} from './parameters.as';

// some 0.1 ms: longer than it takes to wake a sleeper, of which a token has hundreds of chances
const SPINS: i32 = 40000;
const NAP: i64 = 200_000; // ns; a guard only, the last to arrive wakes the sleepers

/** Threads at work on the block: the same for all of them from its begin to its last barrier. */
let team: i32 = 1;
/** Arrivals that this thread has to see before it may pass. */
let expected: i32 = 0;

/** The leader begins a job at block `first`, which is its `last` or not, with those who come soon. */
export function begin(first: i32, last: bool): void {
  team = 1;
  expected = atomic.load<i32>(CONTROL_BARRIER);
  for (let spins = 0; spins < SPINS && atomic.load<i32>(CONTROL_PRESENT) < load<i32>(THREADS); spins++) {}
  admit(first, last);
  team = atomic.load<i32>(CONTROL_TEAM);
}

/** Before the last barrier of a block the leader says who works on the next one, and closes the job before its last. */
export function admit(block: i32, last: bool): void {
  const present = last ? atomic.xchg<i32>(CONTROL_PRESENT, CLOSED) : atomic.load<i32>(CONTROL_PRESENT);
  if (present == team) return;
  store<i32>(JOIN_BLOCK, block);
  store<i32>(JOIN_BARRIER, team > 1 ? expected + team : expected);
  atomic.store<i32>(CONTROL_TEAM, present);
  atomic.notify(CONTROL_TEAM, -1);
}

/** After the last barrier of a block that is not the job's last. */
@inline export function renew(): void { team = atomic.load<i32>(CONTROL_TEAM); }

/** Comes in on the job that is open: this thread's number in it from block JOIN_BLOCK on, or 0 when none is open. */
export function join(): i32 {
  const number = atomic.add<i32>(CONTROL_PRESENT, 1);
  if (number >= CLOSED) return 0;
  for (let spins = 0; (team = atomic.load<i32>(CONTROL_TEAM)) <= number;) {
    if (++spins > SPINS) atomic.wait<i32>(CONTROL_TEAM, team, -1);
  }
  expected = load<i32>(JOIN_BARRIER);
  pass();
  return number;
}

/** Passes when the whole team has arrived; traps when one of it cannot any more. */
export function barrier(): void {
  if (team == 1) return;
  expected += team;
  if (atomic.add<i32>(CONTROL_BARRIER, 1) + 1 != expected) pass();
  else if (atomic.load<i32>(CONTROL_BARRIER_SLEEPERS) > 0) atomic.notify(CONTROL_BARRIER, -1);
}

function pass(): void {
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

/** How many share the work; the same for all who do. */
@inline export function sharers(): i32 { return team; }

/** Start of part `part` when n things are split over the team; part = its size gives the end. */
@inline export function share(n: i32, part: i32): i32 { return n * part / team; }

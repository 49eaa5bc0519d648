// Entry points for the host. A worker calls work() once and stays in it until JOB_STOP.
import { runBlocks, runHead } from './blocks.as';
import {
  CONTROL_JOBS, CONTROL_LED, CONTROL_LED_JOBS, HIDDEN, JOB, JOB_BLOCKS, JOB_HEAD, JOB_STOP, LOGITS, LOGIT_STRIDE, OUTCOME,
  OUTCOME_FINITE, OUTCOME_INPUT_NOT_FINITE, OUTCOME_OUTPUT_NOT_FINITE, ROWS, X,
} from './parameters.as';
import { begin, close, join } from './threads.as';
import { NOT_FINITE, largestMagnitude } from './vector.as';

export { prepareConstants } from './constants.as';
export { blockFloats, repack4, repack8, widenBrain, widenHalf } from './repack.as';

/** Runs the job that the parameters describe, together with the threads that join, and stores its OUTCOME. */
export function lead(): void {
  const blocks = load<i32>(JOB) == JOB_BLOCKS, bytes = load<i32>(HIDDEN) << 2, took = finite(X, bytes);
  begin();
  run(0);
  close();
  const gave = blocks ? finite(X, bytes) : finite(LOGITS, load<i32>(LOGIT_STRIDE));
  store<i32>(OUTCOME, !took ? OUTCOME_INPUT_NOT_FINITE : gave ? OUTCOME_FINITE : OUTCOME_OUTPUT_NOT_FINITE);
}

/** Whether all f32 in the job's rows of `bytes` bytes are finite. `buffer`: the parameter word that holds the address. */
function finite(buffer: usize, bytes: i32): bool {
  return largestMagnitude(<usize>load<u32>(buffer), <usize>(load<i32>(ROWS) * bytes)) < NOT_FINITE;
}

function run(thread: i32): void {
  const job = load<i32>(JOB);
  if (job == JOB_BLOCKS) runBlocks(thread);
  else if (job == JOB_HEAD) runHead(thread);
}

/** Sleeps until the next job, joins it, and repeats. Thread 0 leads the jobs that the host does not lead itself. */
export function work(thread: i32): void {
  if (thread == 0) workAsLeader();
  else workInTeam(thread);
}

function workAsLeader(): void {
  for (let seen = 0; ; ) {
    while (atomic.load<i32>(CONTROL_LED_JOBS) == seen) atomic.wait<i32>(CONTROL_LED_JOBS, seen, -1);
    seen++;
    if (load<i32>(JOB) == JOB_STOP) return;
    lead();
    atomic.store<i32>(CONTROL_LED, seen);
    atomic.notify(CONTROL_LED, -1);
  }
}

function workInTeam(thread: i32): void {
  for (let seen = atomic.load<i32>(CONTROL_JOBS); load<i32>(JOB) != JOB_STOP; ) {
    atomic.wait<i32>(CONTROL_JOBS, seen, -1);
    seen = atomic.load<i32>(CONTROL_JOBS);
    if (!join()) continue;
    run(thread);
    seen = atomic.load<i32>(CONTROL_JOBS);
  }
}

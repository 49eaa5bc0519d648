// What the host calls. A worker calls work() once and stays in it until it is told to stop.
import { runBlocks, runHead } from './blocks.as';
import {
  CONTROL_DONE, CONTROL_JOBS, CONTROL_LED_JOBS, END_BLOCK, FIRST_BLOCK, HIDDEN, JOB, JOB_BLOCKS, JOB_HEAD, JOB_STOP, JOIN_BLOCK,
  LOGITS, LOGIT_STRIDE, OUTCOME, OUTCOME_FINITE, OUTCOME_INPUT_NOT_FINITE, OUTCOME_OUTPUT_NOT_FINITE, ROWS, X,
} from './parameters.as';
import { begin, join } from './threads.as';
import { NOT_FINITE, largestMagnitude } from './vector.as';

export { prepareConstants } from './constants.as';
export { blockFloats, repack4, repack8, widenBrain, widenHalf } from './repack.as';

/** Runs the job that the parameters describe, with those threads that come. */
export function lead(): void {
  const first = load<i32>(FIRST_BLOCK), blocks = load<i32>(JOB) == JOB_BLOCKS;
  const bytes = load<i32>(HIDDEN) << 2, took = finite(X, bytes);
  begin(first, !blocks || load<i32>(END_BLOCK) - first == 1);
  run(0, first);
  const gave = blocks ? finite(X, bytes) : finite(LOGITS, load<i32>(LOGIT_STRIDE));
  store<i32>(OUTCOME, !took ? OUTCOME_INPUT_NOT_FINITE : gave ? OUTCOME_FINITE : OUTCOME_OUTPUT_NOT_FINITE);
}

/** Whether no float in the job's rows of `bytes` bytes is infinite or not a number. */
function finite(buffer: usize, bytes: i32): bool {
  return largestMagnitude(<usize>load<u32>(buffer), <usize>(load<i32>(ROWS) * bytes)) < NOT_FINITE;
}

function run(number: i32, first: i32): void {
  const job = load<i32>(JOB);
  if (job == JOB_BLOCKS) runBlocks(number, first);
  else if (job == JOB_HEAD) runHead(number);
}

/** Sleeps until the count of jobs moves, takes part, and so on. Thread 0 leads those jobs that the host does not. */
export function work(thread: i32): void {
  if (thread == 0) workAsLeader();
  else workInTeam();
}

function workAsLeader(): void {
  for (let seen = 0; ; ) {
    while (atomic.load<i32>(CONTROL_LED_JOBS) == seen) atomic.wait<i32>(CONTROL_LED_JOBS, seen, -1);
    seen++;
    if (load<i32>(JOB) == JOB_STOP) return;
    lead();
    atomic.store<i32>(CONTROL_DONE, seen);
    atomic.notify(CONTROL_DONE, -1);
  }
}

function workInTeam(): void {
  for (;;) {
    const seen = atomic.load<i32>(CONTROL_JOBS);
    if (load<i32>(JOB) == JOB_STOP) return;
    const number = join();
    if (number > 0) run(number, load<i32>(JOIN_BLOCK));
    else atomic.wait<i32>(CONTROL_JOBS, seen, -1);
  }
}

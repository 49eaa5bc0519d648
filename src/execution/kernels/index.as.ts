// What the host calls. A worker calls work() once and stays in it until it is told to stop.
import { runBlocks, runHead } from './blocks.as';
import { CONTROL_DONE, CONTROL_JOBS, CONTROL_LED_JOBS, JOB, JOB_BLOCKS, JOB_HEAD, JOB_STOP } from './parameters.as';
import { meet } from './threads.as';

export { prepareConstants } from './constants.as';
export { blockFloats, repack4, repack8, widenBrain, widenHalf } from './repack.as';

/** Runs the job that the parameters describe, as thread `thread` of the crew. */
export function run(thread: i32): void {
  meet();
  const job = load<i32>(JOB);
  if (job == JOB_BLOCKS) runBlocks(thread);
  else if (job == JOB_HEAD) runHead(thread);
}

/**
 * Sleeps until the count of jobs moves, runs the job, and so on; thread 0 reports what is done. Its jobs have a count
 * of their own: the others the host runs in its place.
 */
export function work(thread: i32): void {
  const jobs = thread == 0 ? CONTROL_LED_JOBS : CONTROL_JOBS;
  for (let seen = 0; ; ) {
    while (atomic.load<i32>(jobs) == seen) atomic.wait<i32>(jobs, seen, -1);
    seen++;
    if (load<i32>(JOB) == JOB_STOP) return;
    run(thread);
    if (thread == 0) {
      atomic.store<i32>(CONTROL_DONE, seen);
      atomic.notify(CONTROL_DONE, -1);
    }
  }
}

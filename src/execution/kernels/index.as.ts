// What the host calls. A worker calls work() once and stays in it until it is told to stop.
import { runBlocks, runHead } from './blocks.as';
import { CONTROL_DONE, CONTROL_JOBS, JOB, JOB_BLOCKS, JOB_HEAD, JOB_STOP } from './parameters.as';

export { prepareConstants } from './constants.as';
export { blockFloats, repack4, repack8, widenBrain, widenHalf } from './repack.as';

/** Runs the job that the parameters describe, as thread `thread` of the crew. */
export function run(thread: i32): void {
  const job = load<i32>(JOB);
  if (job == JOB_BLOCKS) runBlocks(thread);
  else if (job == JOB_HEAD) runHead(thread);
}

/** Sleeps until the count of jobs moves past `seen`, runs the job, and so on; thread 0 reports what is done. */
export function work(thread: i32, seen: i32): void {
  for (;;) {
    while (atomic.load<i32>(CONTROL_JOBS) == seen) atomic.wait<i32>(CONTROL_JOBS, seen, -1);
    seen++;
    if (load<i32>(JOB) == JOB_STOP) return;
    run(thread);
    if (thread == 0) {
      atomic.store<i32>(CONTROL_DONE, seen);
      atomic.notify(CONTROL_DONE, -1);
    }
  }
}

/** Worker of PieceThread: hashes and writes pieces without blocking the main event loop. */
import { hash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { PieceJob, PieceResult } from './piece-thread.ts';

/** Linux uses larger runs of fresh memory for longer writes, which was measured to cost twice the CPU time. */
const MAX_WRITE_BYTES = 64 * 1024;

function keep({ bytes, sha1, runs }: PieceJob): boolean {
  if (!hash('sha1', bytes, 'buffer').equals(sha1)) return false;
  for (const { descriptor, fileOffset, bufferOffset, length } of runs) {
    for (let done = 0; done < length; ) {
      const count = Math.min(MAX_WRITE_BYTES, length - done);
      const written = writeSync(descriptor, bytes, bufferOffset + done, count, fileOffset + done);
      if (written === 0) throw new Error('the file system wrote no bytes');
      done += written;
    }
  }
  return true;
}

parentPort!.on('message', (job: PieceJob) => {
  let result: PieceResult;
  try {
    result = { good: keep(job) };
  } catch (error) {
    result = { error };
  }
  parentPort!.postMessage(result);
});

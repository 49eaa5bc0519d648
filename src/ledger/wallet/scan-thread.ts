import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BitorchError } from '#base';
import { loadCurveKernel } from '#crypto';
import type { OutputRecord } from '../buckets.ts';
import type { Found, Scanner, ViewKeys } from './scan.ts';

/** Input of a scanning thread: the compiled kernel, and no secret that can spend. */
export interface ScanTask {
  readonly kernel: WebAssembly.Module;
  readonly keys: ViewKeys;
  readonly subaddresses: number;
}

/** Consecutive outputs; `first` is the global number of the first one. */
export interface ScanBatch {
  readonly first: number;
  readonly outputs: readonly OutputRecord[];
}

/** Scans in a worker thread, so that this one stays responsive. `scan` throws SCAN_STOPPED when the thread has ended. */
export function openScanThread(keys: ViewKeys, subaddresses: number): Scanner {
  const workerData: ScanTask = { kernel: loadCurveKernel(), keys, subaddresses };
  const worker = new Worker(new URL('./scan-worker.ts', import.meta.url), { workerData, execArgv: [] });
  const ended = once(worker, 'exit').then(() => {
    throw new BitorchError('SCAN_STOPPED', 'the scanning thread has ended: scan again');
  });
  ended.catch(() => undefined);
  return {
    async scan(first, outputs) {
      const answer = once(worker, 'message');
      worker.postMessage({ first, outputs } satisfies ScanBatch);
      const [found] = await Promise.race([answer, ended]);
      return found as readonly Found[];
    },
    close: async () => void (await worker.terminate()),
  };
}

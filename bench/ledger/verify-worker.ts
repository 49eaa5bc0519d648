/**
 * A worker that verifies the transfers it is sent, over and over, and answers how many it did per second; without
 * transfers it only counts, to show what the machine gives to so many threads.
 */
import { parentPort } from 'node:worker_threads';
import { kernelCurve } from '#crypto';
import { type Transfer, verifyTransfers } from './transfers.ts';

export interface Order {
  readonly module: WebAssembly.Module;
  readonly transfers: readonly Transfer[];
  readonly seconds: number;
}

/** A million additions that the compiler cannot leave out. */
function count(): number {
  let sum = 0;
  for (let i = 0; i < 1e6; i++) sum = (sum + i * 3) | 0;
  return sum;
}

parentPort!.once('message', ({ module, transfers, seconds }: Order) => {
  const curve = kernelCurve(module);
  const work = transfers.length > 0 ? () => verifyTransfers(transfers, curve) : count;
  work();
  const start = performance.now();
  let done = 0;
  while (performance.now() - start < 1000 * seconds) {
    work();
    done += Math.max(1, transfers.length);
  }
  parentPort!.postMessage((1000 * done) / (performance.now() - start));
});

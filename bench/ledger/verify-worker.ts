/** A worker that verifies the transfers it is sent, over and over, and answers how many it did per second. */
import { parentPort } from 'node:worker_threads';
import { kernelCurve } from '#crypto';
import { type Transfer, verifyTransfers } from './transfers.ts';

interface Order {
  readonly module: WebAssembly.Module;
  readonly transfers: readonly Transfer[];
  readonly seconds: number;
}

parentPort!.once('message', ({ module, transfers, seconds }: Order) => {
  const curve = kernelCurve(module);
  verifyTransfers(transfers, curve);
  const start = performance.now();
  let done = 0;
  while (performance.now() - start < 1000 * seconds) {
    verifyTransfers(transfers, curve);
    done += transfers.length;
  }
  parentPort!.postMessage((1000 * done) / (performance.now() - start));
});

/** A worker that verifies the transfers it is sent, over and over, and answers how many it did. */
import { parentPort } from 'node:worker_threads';
import { kernelCurve } from '#crypto';
import { type Transfer, verifyTransfers } from './transfers.ts';

export interface Order {
  readonly module: WebAssembly.Module;
  readonly transfers: readonly Transfer[];
  readonly seconds: number;
}

/** Transfers per second, and per second of processor time: the same where nobody else wants the processor. */
export interface Throughput {
  readonly perSecond: number;
  readonly perProcessorSecond: number;
}

parentPort!.once('message', ({ module, transfers, seconds }: Order) => {
  const curve = kernelCurve(module);
  verifyTransfers(transfers, curve);
  const [start, used] = [performance.now(), process.threadCpuUsage()];
  let done = 0;
  while (performance.now() - start < 1000 * seconds) {
    verifyTransfers(transfers, curve);
    done += transfers.length;
  }
  const { user, system } = process.threadCpuUsage(used);
  const throughput: Throughput = {
    perSecond: (1e3 * done) / (performance.now() - start),
    perProcessorSecond: (1e6 * done) / (user + system),
  };
  parentPort!.postMessage(throughput);
});

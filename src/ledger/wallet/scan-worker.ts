/** The worker of `openScanThread`: answers each batch with the outputs found in it. */
import { parentPort, workerData } from 'node:worker_threads';
import { kernelCurve } from '#crypto';
import { OutputScanner } from './scan.ts';
import type { ScanBatch, ScanTask } from './scan-thread.ts';

const { kernel, keys, subaddresses } = workerData as ScanTask;
const scanner = new OutputScanner(keys, subaddresses, kernelCurve(kernel));

parentPort!.on('message', ({ first, outputs }: ScanBatch) => {
  parentPort!.postMessage(scanner.scan(first, outputs));
});

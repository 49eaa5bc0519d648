import { parentPort } from 'node:worker_threads';
import { kernelCurve } from '#crypto';
import { kernelRun } from './kernel-run.ts';

parentPort!.once('message', (module: WebAssembly.Module) => {
  parentPort!.postMessage(kernelRun(kernelCurve(module)));
});

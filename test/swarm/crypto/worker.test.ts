import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { loadCurveKernel } from '#crypto';
import { kernelRun } from '../../support/crypto/kernel-run.ts';
import { nobleCurve } from '../../support/crypto/noble/curve.ts';

/** Sends the compiled module to a worker thread and gives what it calculates with it. */
function inWorker(module: WebAssembly.Module): Promise<Uint8Array[]> {
  const worker = new Worker(new URL('../../support/crypto/kernel-worker.ts', import.meta.url));
  worker.postMessage(module);
  return new Promise<Uint8Array[]>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  }).finally(() => worker.terminate());
}

test('the compiled kernel is posted to workers, and each calculates the same as noble', async () => {
  const module = loadCurveKernel();
  const [a, b] = await Promise.all([inWorker(module), inWorker(module)]);
  assert.deepEqual(a, kernelRun(nobleCurve));
  assert.deepEqual(b, a);
});

/** A thread of a crew: waits in the kernels for jobs until it is told to stop. Runs in Node and in a browser. */
import { CONTROL } from '../kernels/parameters.ts';
import { instantiate } from './kernels.ts';
import { onFirstMessage } from './platform.ts';

export interface WorkerTask {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  thread: number;
}

onFirstMessage<WorkerTask>(({ module, memory, thread }, ready) => {
  const kernels = instantiate(module, memory);
  ready();
  try {
    kernels.work(thread);
  } catch (error) {
    Atomics.store(new Int32Array(memory.buffer), CONTROL.broken / 4, 1);
    throw error;
  }
});

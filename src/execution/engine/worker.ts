/** Entry point of a pool thread: waits in the kernels for jobs until it is stopped. Runs in Node and in browsers. */
import { CONTROL } from '../kernels/parameters.ts';
import { stayOn } from './cores.ts';
import { instantiate } from './kernels.ts';
import { onFirstMessage } from './platform.ts';

export interface WorkerTask {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  thread: number;
  /** The core to pin this thread to, if any. */
  core: number | undefined;
}

onFirstMessage<WorkerTask>(async ({ module, memory, thread, core }, ready) => {
  if (core !== undefined) await stayOn(core);
  const kernels = instantiate(module, memory);
  ready();
  try {
    kernels.work(thread);
  } catch (error) {
    Atomics.store(new Int32Array(memory.buffer), CONTROL.broken / 4, 1);
    throw error;
  }
});

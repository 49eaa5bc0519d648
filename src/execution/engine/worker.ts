/** A thread of a crew: waits in the kernels for jobs until it is told to stop. Runs in Node and in a browser. */
import { instantiate } from './kernels.ts';
import { onFirstMessage } from './platform.ts';

export interface WorkerTask {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  thread: number;
  /** Count of jobs when the thread was made: it waits for the next. */
  seen: number;
}

onFirstMessage<WorkerTask>(({ module, memory, thread, seen }, ready) => {
  const kernels = instantiate(module, memory);
  ready();
  kernels.work(thread, seen);
});

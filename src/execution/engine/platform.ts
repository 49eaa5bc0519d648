/** Everything that differs between Node and a browser. Node modules are imported only in Node. */
import type { Build } from '../kernels/dot.ts';

export const inNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

/** Whether this thread may block in Atomics.wait; the main thread of a browser may not. */
export const MAY_BLOCK = inNode;

/** A worker thread of Node or of a browser. */
export interface Thread {
  post(message: unknown): void;
  onMessage(listener: () => void): void;
  onError(listener: (error: Error) => void): void;
  /** Sets whether the thread keeps the process alive. No effect in a browser. */
  hold(yes: boolean): void;
  terminate(): Promise<void>;
}

export async function startThread(): Promise<Thread> {
  if (inNode) {
    const { Worker } = await import('node:worker_threads');
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { execArgv: [], stdin: false });
    return {
      post: (message) => worker.postMessage(message),
      onMessage: (listener) => void worker.on('message', listener),
      onError: (listener) => void worker.on('error', listener),
      hold: (yes) => (yes ? worker.ref() : worker.unref()),
      terminate: async () => void (await worker.terminate()),
    };
  }
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.addEventListener('message', listener),
    onError: (listener) => worker.addEventListener('error', (e) => listener(new Error(e.message))),
    hold: () => undefined,
    terminate: async () => worker.terminate(),
  };
}

/** Worker side: calls `run` with the first message posted to this thread. `ready` notifies the host that work begins. */
export async function onFirstMessage<T>(run: (task: T, ready: () => void) => void): Promise<void> {
  if (inNode) {
    const { parentPort } = await import('node:worker_threads');
    parentPort!.once('message', (task: T) => run(task, () => parentPort!.postMessage('ready')));
    return;
  }
  const scope = globalThis as unknown as Worker;
  scope.addEventListener('message', ({ data }) => run(data as T, () => scope.postMessage('ready')), {
    once: true,
  });
}

const FILES: Record<Build, URL> = {
  relaxed: new URL('../kernels/relaxed.wasm', import.meta.url),
  plain: new URL('../kernels/plain.wasm', import.meta.url),
};

/** Reads the WebAssembly module of a build of the kernels. */
export async function kernelBytes(build: Build): Promise<Uint8Array<ArrayBuffer>> {
  if (inNode) {
    const { readFile } = await import('node:fs/promises');
    return new Uint8Array(await readFile(FILES[build]));
  }
  const response = await fetch(FILES[build]);
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * Enables or disables V8's revectorizer for modules compiled from now on. It merges pairs of 128-bit operations into 256-bit
 * ones, which is about 1.5 times as fast. Returns whether it is enabled; it exists only in Node on x64.
 */
export async function setRevectorizer(on: boolean): Promise<boolean> {
  if (!inNode || process.arch !== 'x64') return false;
  await setFlag(on ? '--experimental-wasm-revectorize' : '--no-experimental-wasm-revectorize');
  return on;
}

/**
 * Makes V8 optimise functions after a few hundred calls instead of thousands. Each step evicts the host's code and data from
 * the caches, so the host's cost is dominated by cache misses; inlined code has fewer.
 */
export async function optimiseSoon(): Promise<void> {
  if (inNode) await setFlag('--invocation-count-for-turbofan=200');
}

const setFlag = async (flag: string): Promise<void> => (await import('node:v8')).setFlagsFromString(flag);

/** SHA-256 of the bytes of `floats` (little-endian f32). */
export async function sha256(floats: Float32Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', floats as Float32Array<ArrayBuffer>));
}

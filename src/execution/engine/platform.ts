/** Everything that differs between Node and a browser tab. Node's modules are loaded only where they are. */
import type { Build } from '../kernels/dot.ts';

export const inNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

/** Whether this thread may wait for others without giving way to events; a browser's page may not. */
export const MAY_BLOCK = inNode;

/** A worker thread of either kind. */
export interface Thread {
  post(message: unknown): void;
  onMessage(listener: () => void): void;
  onError(listener: (error: Error) => void): void;
  /** Whether the thread keeps the process alive; nothing in a browser. */
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

/** Worker side: the task that the other side posts, and a way to say that work begins. */
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

/** Bytes of a compiled build of the kernels. */
export async function kernelBytes(build: Build): Promise<Uint8Array<ArrayBuffer>> {
  if (inNode) {
    const { readFile } = await import('node:fs/promises');
    return new Uint8Array(await readFile(FILES[build]));
  }
  const response = await fetch(FILES[build]);
  return new Uint8Array(await response.arrayBuffer());
}

/**
 * Switches V8's revectorizer on or off for what is compiled from now on: it pairs 128-bit operations into 256-bit
 * ones, half again as fast. False where there is no such switch, or no registers of that size.
 */
export async function setRevectorizer(on: boolean): Promise<boolean> {
  if (!inNode || process.arch !== 'x64') return false;
  await setFlag(on ? '--experimental-wasm-revectorize' : '--no-experimental-wasm-revectorize');
  return on;
}

/**
 * Has V8 optimise in full what has been called some hundred times, not thousands. Between steps that empty the caches,
 * what the host does costs what its code and data take to come back from memory: inlined, that is less.
 */
export async function optimiseSoon(): Promise<void> {
  if (inNode) await setFlag('--invocation-count-for-turbofan=200');
}

const setFlag = async (flag: string): Promise<void> => (await import('node:v8')).setFlagsFromString(flag);

export async function sha256(floats: Float32Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', floats as Float32Array<ArrayBuffer>));
}

import type { OnProgress } from '#base';
import type { Architecture, TensorInfo } from '#formats';
import type { Build } from '../kernels/dot.ts';

export interface EngineOptions {
  architecture: Architecture;
  /** Number of worker threads; 1 by default. */
  threads?: number;
  /**
   * Pins each thread to its own core, starting at this index (from 0) into the cores that the process may use. The host
   * thread shares the first core. Threads that the process starts later inherit that core, so use this only in a process
   * that does little else. When absent, threads are not pinned.
   */
  pin?: number | undefined;
  /** Build of the kernels; by default `relaxed` where it is supported. Both builds produce the same bits. */
  build?: Build;
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/** Reads all bytes of a tensor. */
export type ReadTensor = (tensor: TensorInfo) => Promise<Uint8Array>;

/** One position of one session. `slot` is the index of the session's KV cache. */
export interface Row {
  slot: number;
  position: number;
}

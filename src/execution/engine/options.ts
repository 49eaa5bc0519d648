import type { OnProgress } from '#base';
import type { Architecture, TensorInfo } from '#formats';
import type { Build } from '../kernels/dot.ts';

export interface EngineOptions {
  architecture: Architecture;
  /** Worker threads that share the work; 1 by default. */
  threads?: number;
  /**
   * Keep each thread on a core of its own, and the host's with the first: the cores from this one on, counted from 0,
   * of those that the process may use. For a process that does little else, since what it starts later stays on the
   * first core too. Threads go where they like when absent.
   */
  pin?: number | undefined;
  /** Build of the kernels; `relaxed` where the machine has it. The bits are the same. */
  build?: Build;
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/** Gives all bytes of a tensor. */
export type ReadTensor = (tensor: TensorInfo) => Promise<Uint8Array>;

/** One position of one session; `slot` is the KV cache of the session. */
export interface Row {
  slot: number;
  position: number;
}

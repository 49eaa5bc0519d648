import type { Architecture, TensorInfo } from '#formats';
import { arrangeLlama } from './llama.ts';

export * from './llama.ts';

/** Which tensors belong to which block and which to the boundary, by the architecture's family. */
export const arrangeBlocks = (architecture: Architecture, tensors: TensorInfo[]) =>
  arrangeLlama(architecture, tensors);

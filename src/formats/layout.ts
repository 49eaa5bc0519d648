import { invalid } from './errors.ts';
import type { TensorInfo } from './tensor.ts';

export const alignUp = (offset: number, alignment: number): number =>
  Math.ceil(offset / alignment) * alignment;

/**
 * Checks that tensors tile [start, end of file) exactly: no two overlap, no byte lies between them but padding
 * up to `alignment`. The last one may be padded too. Throws FORMAT_INVALID.
 */
export function checkTiling(
  tensors: readonly Pick<TensorInfo, 'name' | 'offset' | 'bytes'>[],
  start: number,
  size: number,
  alignment: number,
): void {
  let end = start;
  // An empty tensor stands before the one that begins where it does.
  for (const tensor of tensors.toSorted((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
    const expected = alignUp(end, alignment);
    if (tensor.offset !== expected) {
      throw invalid(`tensor ${tensor.name} begins at byte ${tensor.offset} where ${expected} was expected`);
    }
    end = expected + tensor.bytes;
  }
  if (size !== end && size !== alignUp(end, alignment)) {
    throw invalid(`tensors end at byte ${end} of ${size}`);
  }
}

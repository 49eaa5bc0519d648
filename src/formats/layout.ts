import { invalid } from './errors.ts';
import type { TensorInfo } from './tensor.ts';

/** The smallest multiple of `alignment` that is at least `offset`. */
export const alignUp = (offset: number, alignment: number): number =>
  Math.ceil(offset / alignment) * alignment;

/**
 * Checks that tensors tile bytes [start, size) of a file: no two overlap, and there are no gaps except padding to `alignment`,
 * which may also follow the last one. Throws FORMAT_INVALID otherwise.
 */
export function checkTiling(
  tensors: readonly Pick<TensorInfo, 'name' | 'offset' | 'bytes'>[],
  start: number,
  size: number,
  alignment: number,
): void {
  let end = start;
  // An empty tensor sorts before the tensor at the same offset.
  for (const tensor of tensors.toSorted((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
    const expected = alignUp(end, alignment);
    if (tensor.offset !== expected) {
      throw invalid(`tensor ${tensor.name} begins at byte ${tensor.offset} where ${expected} was expected`);
    }
    end = expected + tensor.bytes;
  }
  if (size !== end && size !== alignUp(end, alignment)) {
    throw invalid(`the tensors end at byte ${end} of ${size}`);
  }
}

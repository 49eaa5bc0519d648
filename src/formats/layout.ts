import { invalid, unsupported } from './errors.ts';
import { TENSOR_BLOCK, type TensorInfo, type TensorType } from './tensor.ts';

/** Bytes of a tensor of this type and shape. Throws FORMAT_INVALID when a row is not whole blocks. */
export function tensorBytes(name: string, type: TensorType, shape: readonly number[]): number {
  const [elements, bytes] = TENSOR_BLOCK[type];
  const columns = shape.at(-1)!;
  if (columns % elements !== 0) {
    throw invalid(`tensor ${name}: rows of ${columns} elements are not whole ${type} blocks of ${elements}`);
  }
  const size = shape.reduce((product, dimension) => product * dimension, bytes / elements);
  if (!Number.isSafeInteger(size)) throw unsupported(`tensor ${name} is too large: shape [${shape}]`);
  return size;
}

export const alignUp = (offset: number, alignment: number): number =>
  Math.ceil(offset / alignment) * alignment;

/**
 * Checks that tensors tile [start, end of file) exactly: no two overlap, no byte lies between them but padding
 * up to `alignment`. The last one may be padded too. Throws FORMAT_INVALID.
 */
export function checkTiling(tensors: readonly TensorInfo[], start: number, size: number, alignment: number) {
  let end = start;
  for (const tensor of tensors.toSorted((a, b) => a.offset - b.offset)) {
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

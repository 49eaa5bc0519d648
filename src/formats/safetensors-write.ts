/** Writes safetensors: the header of a file and the order of its tensors. */
import { concat, utf8 } from '#base';
import { invalid } from './errors.ts';
import { elementBits } from './safetensors.ts';

export interface TensorOutline {
  name: string;
  /** A safetensors type: F32, BF16, I64, … */
  dtype: string;
  shape: readonly number[];
}

/**
 * The header of a file with these tensors, and the tensors in the order of their data: larger elements first, so that all are
 * aligned, then by name. Throws FORMAT_INVALID when a type is unknown.
 */
export function safetensorsHeader<T extends TensorOutline>(
  tensors: readonly T[],
  metadata: Readonly<Record<string, string>> = {},
): { header: Uint8Array; order: T[] } {
  const order = tensors.toSorted(
    (a, b) => bitsOf(b) - bitsOf(a) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  const entries: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let end = 0;
  for (const tensor of order) {
    const begin = end;
    end += tensor.shape.reduce((product, side) => product * side, bitsOf(tensor)) / 8;
    const { name, dtype, shape } = tensor;
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const json = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
  const text = utf8(json);
  const padded = concat([text, utf8(' '.repeat((8 - (text.length % 8)) % 8))]);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  return { header: concat([length, padded]), order };
}

function bitsOf({ name, dtype }: TensorOutline): number {
  const bits = elementBits(dtype);
  if (bits === undefined) throw invalid(`tensor ${name} has the unknown type ${dtype}`);
  return bits;
}

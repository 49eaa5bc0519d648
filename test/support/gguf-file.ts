/** Writes small GGUF files, right ones and wrong ones, for the tests of what reads them. */
import { concat, utf8 } from '#base';
import type { RandomAccess } from '#formats';

const TYPE_IDS = {
  uint8: 0,
  int8: 1,
  uint16: 2,
  int16: 3,
  uint32: 4,
  int32: 5,
  float32: 6,
  bool: 7,
  string: 8,
  array: 9,
  uint64: 10,
  int64: 11,
  float64: 12,
} as const;
export type ValueTypeName = keyof typeof TYPE_IDS;

/** [type, value]; an array is ['array', [element type, values]]. */
export type TypedValue = readonly [ValueTypeName, unknown];

export interface TensorSpec {
  name: string;
  /** ggml's type number. */
  type: number;
  /** Innermost first, as the file has it. */
  dims: number[];
  /** Relative to the data section. */
  offset: number;
  bytes: number;
}

export interface GgufSpec {
  magic?: string;
  version?: number;
  alignment?: number;
  metadata: [string, TypedValue][];
  tensors: TensorSpec[];
  /** Bytes to add to (or, negative, take from) the end. */
  trailing?: number;
}

function scalar(bytes: number, write: (view: DataView) => void): Uint8Array {
  const out = new Uint8Array(bytes);
  write(new DataView(out.buffer));
  return out;
}

export const uint32 = (value: number) => scalar(4, (view) => view.setUint32(0, value, true));
export const uint64 = (value: number | bigint) =>
  scalar(8, (view) => view.setBigUint64(0, BigInt(value), true));
const string = (text: string) => concat([uint64(utf8(text).length), utf8(text)]);

function encode([type, value]: TypedValue): Uint8Array {
  const number = Number(value);
  switch (type) {
    case 'uint8':
    case 'bool':
      return scalar(1, (view) => view.setUint8(0, number));
    case 'int8':
      return scalar(1, (view) => view.setInt8(0, number));
    case 'uint16':
      return scalar(2, (view) => view.setUint16(0, number, true));
    case 'int16':
      return scalar(2, (view) => view.setInt16(0, number, true));
    case 'uint32':
      return uint32(number);
    case 'int32':
      return scalar(4, (view) => view.setInt32(0, number, true));
    case 'float32':
      return scalar(4, (view) => view.setFloat32(0, number, true));
    case 'float64':
      return scalar(8, (view) => view.setFloat64(0, number, true));
    case 'uint64':
      return uint64(value as number | bigint);
    case 'int64':
      return scalar(8, (view) => view.setBigInt64(0, BigInt(value as number | bigint), true));
    case 'string':
      return string(String(value));
    case 'array': {
      const [elementType, values] = value as [ValueTypeName, unknown[]];
      return concat([
        uint32(TYPE_IDS[elementType]),
        uint64(values.length),
        ...values.map((element) => encode([elementType, element])),
      ]);
    }
  }
}

/** The bytes of a GGUF file; tensors' data is zeros. */
export function ggufFile(spec: GgufSpec): Uint8Array<ArrayBuffer> {
  const { magic = 'GGUF', version = 3, alignment = 32, metadata, tensors, trailing = 0 } = spec;
  const header = concat([
    utf8(magic),
    uint32(version),
    uint64(tensors.length),
    uint64(metadata.length),
    ...metadata.map(([key, value]) => concat([string(key), uint32(TYPE_IDS[value[0]]), encode(value)])),
    ...tensors.map(({ name, dims, type, offset }) =>
      concat([string(name), uint32(dims.length), ...dims.map(uint64), uint32(type), uint64(offset)]),
    ),
  ]);
  const start = Math.ceil(header.length / alignment) * alignment;
  const end = tensors.reduce((max, { offset, bytes }) => Math.max(max, offset + bytes), 0);
  const file = new Uint8Array(Math.max(0, start + end + trailing));
  file.set(header.subarray(0, file.length));
  return file;
}

/** Lays tensors out one after the other, aligned. */
export function layOut(tensors: Omit<TensorSpec, 'offset'>[], alignment = 32): TensorSpec[] {
  let end = 0;
  return tensors.map((tensor) => {
    const offset = Math.ceil(end / alignment) * alignment;
    end = offset + tensor.bytes;
    return { ...tensor, offset };
  });
}

/** Random access to bytes in memory; `reads` counts what was asked for. */
export function inMemory(bytes: Uint8Array): RandomAccess & { reads: [number, number][] } {
  const reads: [number, number][] = [];
  return {
    size: bytes.length,
    reads,
    read(offset, length) {
      reads.push([offset, length]);
      if (offset < 0 || length < 0 || offset + length > bytes.length) {
        return Promise.reject(new RangeError(`read of [${offset}, +${length}) past ${bytes.length}`));
      }
      return Promise.resolve(bytes.slice(offset, offset + length));
    },
  };
}

/** Metadata and tensors of a Llama so small that only its shape is one. */
export function tinyLlama(): GgufSpec & { metadata: [string, TypedValue][] } {
  return {
    metadata: [
      ['general.architecture', ['string', 'llama']],
      ['general.name', ['string', 'Tiny']],
      ['general.license', ['string', 'apache-2.0']],
      ['llama.block_count', ['uint32', 1]],
      ['llama.context_length', ['uint32', 128]],
      ['llama.embedding_length', ['uint32', 64]],
      ['llama.feed_forward_length', ['uint32', 96]],
      ['llama.attention.head_count', ['uint32', 2]],
      ['llama.attention.head_count_kv', ['uint32', 1]],
      ['llama.attention.layer_norm_rms_epsilon', ['float32', 0.5]],
    ],
    tensors: layOut([
      { name: 'token_embd.weight', type: 8, dims: [64, 10], bytes: 10 * 2 * 34 },
      { name: 'output_norm.weight', type: 0, dims: [64], bytes: 256 },
    ]),
  };
}

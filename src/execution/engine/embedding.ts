import { BitorchError } from '#base';
import { TENSOR_BLOCK, type TensorInfo } from '#formats';
import type { SharedMemory } from './memory.ts';
import { FORMAT, formatOf } from './weights.ts';

/** Writes row `token` of the embedding matrix into `row` (hidden f32). */
type WriteRow = (token: number, row: Float32Array) => void;

/** Dequantises rows of the embedding matrix to f32 (docs/protocol/arithmetic.md, "Embedding"). */
export class Embedding {
  readonly write: WriteRow;

  private constructor(write: WriteRow) {
    this.write = write;
  }

  /** Whether repacked tiles preserve the matrix's exact values, so that the tiles of a tied head can be shared. */
  static fitsTiles({ type }: TensorInfo): boolean {
    return type === 'Q4_0' || type === 'Q4_1' || type === 'Q8_0';
  }

  /** Reads rows from the matrix's tiles at byte address `at` (layout in docs/protocol/arithmetic.md, "Weights"). */
  static ofTiles(memory: SharedMemory, at: number, tensor: TensorInfo): Embedding {
    const columns = tensor.shape[1]!;
    const four = formatOf(tensor) === FORMAT.four;
    const [blockBytes, scales] = four ? [160, 128] : [272, 256];
    const view = new DataView(memory.memory.buffer);
    return new Embedding((token, row) => {
      const r = token & 7;
      const tile = at + ((token - r) / 8) * (columns / 32) * blockBytes;
      const lane = (r >> 2) * 16 + (r & 3) * 4;
      for (let block = 0; block < columns / 32; block++) {
        const p = tile + block * blockBytes;
        const d = halfFloat(view.getUint16(p + scales + 2 * r, true));
        const m = four ? halfFloat(view.getUint16(p + scales + 16 + 2 * r, true)) : 0;
        for (let i = 0; i < 32; i++) {
          const byte = four ? p + ((i & 15) >> 2) * 32 + lane + (i & 3) : p + (i >> 2) * 32 + lane + (i & 3);
          const q = four ? (view.getUint8(byte) >> (i < 16 ? 0 : 4)) & 15 : view.getInt8(byte);
          row[block * 32 + i] = Math.fround(q * d) + m;
        }
      }
    });
  }

  /** Reads rows in the format of the model's file. Throws WEIGHTS_INVALID when the length does not match the shape. */
  static ofBytes(bytes: Uint8Array, tensor: TensorInfo): Embedding {
    const { type, shape, name } = tensor;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const [elements, blockBytes] = TENSOR_BLOCK[type];
    const blocks = shape[1]! / elements;
    if (bytes.length !== shape[0]! * blocks * blockBytes) {
      throw new BitorchError('WEIGHTS_INVALID', `tensor ${name} has ${bytes.length} bytes`);
    }
    const decode = DECODERS[type];
    return new Embedding((token, row) => {
      for (let block = 0; block < blocks; block++) {
        decode(view, (token * blocks + block) * blockBytes, row, block * elements);
      }
    });
  }
}

/** Decodes the quantised block at byte `at` into `row`, starting at element `to`. */
type Decode = (view: DataView, at: number, row: Float32Array, to: number) => void;

const nibbles =
  (quants: number, minimum: (view: DataView, at: number, d: number) => number): Decode =>
  (view, at, row, to) => {
    const d = halfFloat(view.getUint16(at, true));
    const m = minimum(view, at, d);
    for (let i = 0; i < 32; i++) {
      const q = (view.getUint8(at + quants + (i & 15)) >> (i < 16 ? 0 : 4)) & 15;
      row[to + i] = Math.fround(q * d) + m;
    }
  };

const DECODERS: Record<TensorInfo['type'], Decode> = {
  F32: (view, at, row, to) => {
    row[to] = view.getFloat32(at, true);
  },
  F16: (view, at, row, to) => {
    row[to] = halfFloat(view.getUint16(at, true));
  },
  BF16: (view, at, row, to) => {
    scratch.setUint32(0, view.getUint16(at, true) << 16);
    row[to] = scratch.getFloat32(0);
  },
  Q8_0: (view, at, row, to) => {
    const d = halfFloat(view.getUint16(at, true));
    for (let i = 0; i < 32; i++) row[to + i] = view.getInt8(at + 2 + i) * d;
  },
  Q4_0: nibbles(2, (_, __, d) => -8 * d),
  Q4_1: nibbles(4, (view, at) => halfFloat(view.getUint16(at + 2, true))),
};

const scratch = new DataView(new ArrayBuffer(4));

/** Value of an IEEE 754 f16 given its bits. */
function halfFloat(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

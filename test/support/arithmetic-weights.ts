/** Stored tensors as the blocks of integers that docs/protocol/arithmetic.md, "Weights", makes of them. */
import { placeOf } from '../../src/execution/families/llama/tensors.ts';
import { TENSOR_BLOCK, type TensorInfo } from '../../src/formats/index.ts';
import { roundEven } from './arithmetic-reference.ts';

export interface WeightBlock {
  q: number[];
  d: number;
  /** Only 4-bit weights have a minimum. */
  m?: number;
}
/** Rows of blocks of 32 columns. */
export type Matrix = WeightBlock[][];

const f = Math.fround;

export function halfFloat(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits & 0x8000 ? -size : size;
}

/** Nearest f16 of a number ≥ 0, half to even. */
function nearestHalf(x: number): number {
  const unit = 2 ** (Math.max(Math.floor(Math.log2(x || 1e-9)), -14) - 10);
  return roundEven(x / unit) * unit;
}

function floatsOf(tensor: TensorInfo, view: DataView, row: number, columns: number): number[] {
  return Array.from({ length: columns }, (_, i) => {
    const at = row * columns + i;
    if (tensor.type === 'F32') return view.getFloat32(4 * at, true);
    const bits = view.getUint16(2 * at, true);
    if (tensor.type === 'F16') return halfFloat(bits);
    const wide = new DataView(new ArrayBuffer(4));
    wide.setUint16(0, bits);
    return wide.getFloat32(0);
  });
}

function blocked(x: number[]): WeightBlock {
  const d = nearestHalf(f(Math.max(...x.map(Math.abs)) / 127));
  const inverse = d > 0 ? f(1 / d) : 0;
  return { d, q: x.map((v) => Math.max(-127, Math.min(127, roundEven(f(v * inverse))))) };
}

function storedBlock(tensor: TensorInfo, view: DataView, at: number): WeightBlock {
  const d = halfFloat(view.getUint16(at, true));
  const indices = Array.from({ length: 32 }, (_, i) => i);
  if (tensor.type === 'Q8_0') return { d, q: indices.map((i) => view.getInt8(at + 2 + i)) };
  const quants = tensor.type === 'Q4_1' ? at + 4 : at + 2;
  const m = tensor.type === 'Q4_1' ? halfFloat(view.getUint16(at + 2, true)) : -8 * d;
  return { d, m, q: indices.map((i) => (view.getUint8(quants + (i % 16)) >> (i < 16 ? 0 : 4)) & 15) };
}

export function matrixOf(tensor: TensorInfo, bytes: Uint8Array, headDim: number): Matrix {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [rows, columns] = tensor.shape as [number, number];
  const [elements, blockBytes] = TENSOR_BLOCK[tensor.type];
  const place = placeOf(tensor.name)!;
  const permuted = place.halfSplit && (place.role === 'q' || place.role === 'k');
  return Array.from({ length: rows }, (_, r) => {
    const inHead = r % headDim;
    const row = permuted ? r - inHead + (inHead % 2) * (headDim / 2) + Math.floor(inHead / 2) : r;
    const blocks = Array.from({ length: columns / 32 }, (_, b) => b);
    if (elements === 32) {
      return blocks.map((b) => storedBlock(tensor, view, ((row * columns) / 32 + b) * blockBytes));
    }
    const floats = floatsOf(tensor, view, row, columns);
    return blocks.map((b) => blocked(floats.slice(32 * b, 32 * b + 32)));
  });
}

export function vectorOf(tensor: TensorInfo, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from(floatsOf(tensor, view, 0, tensor.shape[0]!));
}

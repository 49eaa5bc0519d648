import { BitorchError } from '#base';
import { type Architecture, TENSOR_BLOCK, type TensorInfo } from '#formats';
import { familyOf } from '../families/index.ts';
import type { Kernels } from './kernels.ts';
import type { Arena, SharedMemory } from './memory.ts';
import type { ReadTensor } from './options.ts';

/** Tile formats (docs/protocol/arithmetic.md, "Weights"). Each is also the bit that requests its activation records. */
export const FORMAT = { four: 1, eight: 2 } as const;
type Format = (typeof FORMAT)[keyof typeof FORMAT];

const TILE_ROWS = 8;
/** Bytes that are repacked before yielding to the event loop. */
const SLICE = 4 << 20;

/** Matrices of one tile format, stacked by rows: the kernels see one matrix of tiles × 8 rows. */
export interface Segment {
  format: Format;
  /** Byte address of the first tile. */
  at: number;
  tiles: number;
  parts: TensorInfo[];
}

export const formatOf = ({ type }: TensorInfo): Format =>
  type === 'Q4_0' || type === 'Q4_1' ? FORMAT.four : FORMAT.eight;

const tilesOf = ({ shape }: TensorInfo) => Math.ceil(shape[0]! / TILE_ROWS);
/** Bytes of a tile of 8 rows × `columns`: 160 bytes per 32 columns of 4-bit weights, 272 of 8-bit weights. */
const tileBytes = (format: Format, columns: number) => (columns / 32) * (format === FORMAT.four ? 160 : 272);

/** Plans the matrices that share an input. Adjacent matrices of the same format become one segment. */
export function planSegments(arena: Arena, tensors: readonly TensorInfo[]): Segment[] {
  const segments: Segment[] = [];
  for (const tensor of tensors) {
    const last = segments.at(-1);
    if (last?.format === formatOf(tensor)) last.parts.push(tensor);
    else segments.push({ format: formatOf(tensor), at: 0, tiles: 0, parts: [tensor] });
  }
  for (const segment of segments) {
    segment.tiles = segment.parts.reduce((sum, part) => sum + tilesOf(part), 0);
    segment.at = arena.take(segment.tiles * tileBytes(segment.format, segment.parts[0]!.shape[1]!));
  }
  return segments;
}

/** Bytes of scratch memory for repacking: eight rows as stored, as f32 and as Q8_0. */
export const stagingBytes = (tensors: readonly TensorInfo[]): number =>
  Math.max(...tensors.map(({ shape }) => shape.at(-1)! * TILE_ROWS * (4 + 4 + 2)));

export interface Loader {
  memory: SharedMemory;
  kernels: Kernels;
  /** Byte address of the scratch memory (see stagingBytes()). */
  staging: number;
  read: ReadTensor;
  architecture: Architecture;
  signal: AbortSignal | undefined;
}

/**
 * Reads the tensors of a segment and repacks them into tiles, holding one tensor in memory at a time. Throws WEIGHTS_INVALID
 * when a tensor has the wrong length or holds a value that is not finite.
 */
export async function loadSegment(loader: Loader, { format, at, parts }: Segment): Promise<void> {
  let to = at;
  for (const tensor of parts) {
    await loadMatrix(loader, tensor, to);
    to += tilesOf(tensor) * tileBytes(format, tensor.shape[1]!);
  }
}

async function loadMatrix(loader: Loader, tensor: TensorInfo, at: number): Promise<void> {
  const bytes = await readWhole(loader, tensor);
  const [rows, columns] = [tensor.shape[0]!, tensor.shape[1]!];
  const [elements, blockBytes] = TENSOR_BLOCK[tensor.type];
  const rowBytes = (columns / elements) * blockBytes;
  const stored = storedRow(tensor, loader.architecture);
  const stride = tileBytes(formatOf(tensor), columns);
  const { memory, staging } = loader;
  for (let row = 0, since = 0; row < rows; row += TILE_ROWS) {
    if (row + TILE_ROWS > rows) memory.bytes.fill(0, staging, staging + TILE_ROWS * rowBytes);
    for (let r = 0; r < Math.min(TILE_ROWS, rows - row); r++) {
      const from = stored(row + r) * rowBytes;
      memory.bytes.set(bytes.subarray(from, from + rowBytes), staging + r * rowBytes);
    }
    if (!repackTile(loader, tensor, columns, at + (row / TILE_ROWS) * stride)) {
      throw new BitorchError(
        'WEIGHTS_INVALID',
        `tensor ${tensor.name} contains a value or a scale that is too large or not finite, in rows ${row}–${row + 7}`,
      );
    }
    since += TILE_ROWS * rowBytes;
    if (since < SLICE) continue;
    since = 0;
    loader.signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve));
  }
}

/** Repacks the eight rows in the staging area into the tile at address `tile`. False when a value is not finite. */
function repackTile(
  { kernels, staging }: Loader,
  { type }: TensorInfo,
  columns: number,
  tile: number,
): boolean {
  const blocks = columns / 32;
  const count = columns * TILE_ROWS;
  const floats = staging + count * 4;
  const blocked = floats + count * 4;
  switch (type) {
    case 'Q4_0':
    case 'Q4_1':
      return kernels.repack4(staging, tile, blocks, type === 'Q4_1' ? 1 : 0) === 1;
    case 'Q8_0':
      return kernels.repack8(staging, tile, blocks) === 1;
    case 'F16':
      kernels.widenHalf(staging, floats, count);
      break;
    case 'BF16':
      kernels.widenBrain(staging, floats, count);
      break;
  }
  const from = type === 'F32' ? staging : floats;
  return (
    kernels.blockFloats(from, blocked, blocks * TILE_ROWS) === 1 &&
    kernels.repack8(blocked, tile, blocks) === 1
  );
}

/**
 * Maps row `i` to the row of the stored tensor. The kernels and GGUF keep the two elements of a rotary pair adjacent;
 * Hugging Face stores the first elements of all pairs of a head, then the second elements.
 */
function storedRow({ name }: TensorInfo, architecture: Architecture): (i: number) => number {
  const { headDim } = architecture;
  const place = familyOf(architecture).placeOf(name);
  if (!place?.halfSplit || (place.role !== 'q' && place.role !== 'k')) return (i) => i;
  return (i) => {
    const inHead = i % headDim;
    return i - inHead + (inHead >> 1) + (inHead & 1) * (headDim / 2);
  };
}

/**
 * Reads norm weights (F32, F16 or BF16) and writes them as f32 at address `at`. Throws WEIGHTS_INVALID for another type, a
 * wrong length or a value that is not finite.
 */
export async function loadVector(loader: Loader, tensor: TensorInfo, at: number): Promise<void> {
  const bytes = await readWhole(loader, tensor);
  const { memory, kernels, staging } = loader;
  const count = tensor.shape[0]!;
  if (tensor.type === 'F32') memory.bytes.set(bytes, at);
  else {
    memory.bytes.set(bytes, staging);
    if (tensor.type === 'F16') kernels.widenHalf(staging, at, count);
    else if (tensor.type === 'BF16') kernels.widenBrain(staging, at, count);
    else throw new BitorchError('WEIGHTS_INVALID', `norm weights ${tensor.name} have type ${tensor.type}`);
  }
  if (!memory.floatsAt(at, count).every(Number.isFinite)) {
    throw new BitorchError('WEIGHTS_INVALID', `tensor ${tensor.name} contains a value that is not finite`);
  }
}

async function readWhole({ read, signal }: Loader, tensor: TensorInfo): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const bytes = await read(tensor);
  if (bytes.length !== tensor.bytes) {
    throw new BitorchError(
      'WEIGHTS_INVALID',
      `tensor ${tensor.name} has ${bytes.length} bytes instead of ${tensor.bytes}`,
    );
  }
  return bytes;
}

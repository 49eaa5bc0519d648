import type { Architecture } from '#formats';
import { ACCUMULATOR_BYTES } from '../kernels/packed.ts';
import { ENTRY, type Parameter } from '../kernels/parameters.ts';
import type { Arena, SharedMemory } from './memory.ts';
import { headGroups } from './shape.ts';

/** Maximum rows (positions) of one job. Longer prompts are split into chunks of this size. */
export const MAX_ROWS = 128;
/** Up to this many rows, the kernels keep a thread's whole share of gate and up (`FEW` in blocks.as.ts). */
const FEW_ROWS = 16;
/** Bytes of an activation record of 32 columns, for 4-bit and for 8-bit weights (see activation.as.ts). */
const RECORD4 = 40;
const RECORD8 = 72;

/** Byte addresses of buffers in the shared memory; some parameters are sizes or strides in bytes. */
type Addresses = Partial<Record<Parameter, number>>;

/** Plans an activation buffer of rows × n columns (n a multiple of 32) in both record formats. */
function records(arena: Arena, name: 'input' | 'attended' | 'inner' | 'ownInput', rows: number, n: number) {
  return {
    [`${name}4`]: arena.take((rows * n * RECORD4) / 32),
    [`${name}8`]: arena.take((rows * n * RECORD8) / 32),
  } as Addresses;
}

/** Bytes of the scratch buffer for unpacked tiles of a matrix with `columns` columns (`unpackedTiles` in matrix.as.ts). */
function unpackedBytes(columns: number): number {
  const blocks = columns / 32;
  const tiles = Math.min(12, Math.max(1, Math.floor(100_000 / (blocks * 640))) * 2);
  return tiles * blocks * 320;
}

/** Plans the private buffers of the threads: `threads` copies of one layout, privateBytes apart. */
function privateBuffers(arena: Arena, threads: number, plan: () => Addresses): Addresses {
  const first = plan();
  const start = Math.min(...Object.values(first));
  const bytes = arena.take(0) - start;
  arena.take(bytes * (threads - 1));
  return { ...first, privateBytes: bytes };
}

/**
 * Plans all buffers of a stage. `capacity` is the number of positions of the largest KV cache, a multiple of 8. Shapes and
 * element types are listed in kernels/parameters.ts.
 */
export function stageBuffers(arena: Arena, a: Architecture, threads: number, capacity: number): Addresses {
  const { hidden, ffn, headDim, heads, kvHeads } = a;
  const attended = heads * headDim;
  const scoreStride = capacity * 4;
  const groups = headGroups(a);
  return {
    x: arena.take(MAX_ROWS * hidden * 4),
    qkv: arena.take(MAX_ROWS * (heads + 2 * kvHeads) * headDim * 4),
    out: arena.take(MAX_ROWS * hidden * 4),
    cos: arena.take(MAX_ROWS * headDim * 4),
    sin: arena.take(MAX_ROWS * headDim * 4),
    scores: arena.take(groups.length * 4 * scoreStride),
    scoreStride,
    ...records(arena, 'input', MAX_ROWS, hidden),
    ...records(arena, 'attended', MAX_ROWS, attended),
    ...records(arena, 'inner', MAX_ROWS, ffn),
    rowTable: arena.take(MAX_ROWS * ENTRY.row),
    groupTable: arena.take(groups.length * ENTRY.group),
    groups: groups.length,
    ...privateBuffers(arena, threads, () => ({
      ...headPrivate(arena, hidden),
      normed: arena.take(Math.max(hidden, ffn) * 4),
      query: arena.take(4 * (2 * headDim + 16)),
      head: arena.take(headDim * 4),
      attention: arena.take(4 * scoreStride),
      // 8 planes of scoreStride / 4 bytes, 4 scales (padded to 32 bytes), softmax work of scoreStride bytes, 4 × 32 f32 output
      softmax: arena.take(3 * scoreStride + 32 + 4 * 128),
      unpacked: arena.take(Math.max(...[hidden, attended, ffn].map(unpackedBytes))),
      gate: arena.take(Math.max(FEW_ROWS * ffn, MAX_ROWS * 96) * 4),
      up: arena.take(Math.max(FEW_ROWS * ffn, MAX_ROWS * 96) * 4),
    })),
  };
}

/** Maximum rows of one head job. Beyond that, each group of four rows would stream its part of the matrix again. */
export const MAX_HEAD_ROWS = 16;

/** Plans all buffers of a boundary. `logits`: MAX_HEAD_ROWS × vocab f32, rows padded to 8 values (`logitStride` bytes). */
export function boundaryBuffers(arena: Arena, { hidden, vocab }: Architecture, threads: number): Addresses {
  const logitStride = Math.ceil(vocab / 8) * 32;
  return {
    x: arena.take(MAX_HEAD_ROWS * hidden * 4),
    ...records(arena, 'input', MAX_HEAD_ROWS, hidden),
    logits: arena.take(MAX_HEAD_ROWS * logitStride),
    logitStride,
    ...privateBuffers(arena, threads, () => ({
      ...headPrivate(arena, hidden),
      normed: arena.take(hidden * 4),
    })),
  };
}

const headPrivate = (arena: Arena, hidden: number): Addresses => ({
  ...records(arena, 'ownInput', 1, hidden),
  accumulators: arena.take(ACCUMULATOR_BYTES),
});

/** Writes the planned addresses, the model's shape and the flag for 256-bit kernels into the parameter words. */
export function writeParameters(
  memory: SharedMemory,
  buffers: Addresses,
  { hidden, ffn, heads, kvHeads, headDim, normEps }: Architecture,
  wide: boolean,
): void {
  const shape = { hidden, ffn, heads, kvHeads, headDim, wide: wide ? 1 : 0 };
  for (const [name, value] of Object.entries({ ...buffers, ...shape })) memory.set(name as Parameter, value);
  memory.setFloat('eps', normEps);
}

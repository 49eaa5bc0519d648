import type { Architecture } from '#formats';
import { ACCUMULATOR_BYTES } from '../kernels/packed.ts';
import { ENTRY, type Parameter } from '../kernels/parameters.ts';
import type { Arena, SharedMemory } from './memory.ts';
import { headGroups } from './shape.ts';

/** Rows of one job: prompts are cut into chunks of this many. */
export const MAX_ROWS = 128;
/** Rows up to which the kernels keep a thread's whole share of gate and up (`FEW` of blocks.as.ts). */
const FEW_ROWS = 16;
const RECORD4 = 40;
const RECORD8 = 72;

type Addresses = Partial<Record<Parameter, number>>;

/** Plans an activation buffer in both record formats. */
function records(arena: Arena, name: 'input' | 'attended' | 'inner' | 'ownInput', rows: number, n: number) {
  return {
    [`${name}4`]: arena.take((rows * n * RECORD4) / 32),
    [`${name}8`]: arena.take((rows * n * RECORD8) / 32),
  } as Addresses;
}

/** Bytes that the kernels unpack tiles of matrices with this many columns into (`unpackedTiles` of matrix.as.ts). */
function unpackedBytes(columns: number): number {
  const blocks = columns / 32;
  const tiles = Math.min(12, Math.max(1, Math.floor(100_000 / (blocks * 640))) * 2);
  return tiles * blocks * 320;
}

/** Plans what each thread has for itself: `threads` copies, one behind the other. */
function privateBuffers(arena: Arena, threads: number, plan: () => Addresses): Addresses {
  const first = plan();
  const start = Math.min(...Object.values(first));
  const bytes = arena.take(0) - start;
  arena.take(bytes * (threads - 1));
  return { ...first, privateBytes: bytes };
}

/** Plans all buffers of a stage. `capacity`: positions of the largest cache, a multiple of 8. */
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
      // eight planes and the work of softmax, scales, outputs of four heads
      softmax: arena.take(3 * scoreStride + 32 + 4 * 128),
      unpacked: arena.take(Math.max(...[hidden, attended, ffn].map(unpackedBytes))),
      gate: arena.take(Math.max(FEW_ROWS * ffn, MAX_ROWS * 96) * 4),
      up: arena.take(Math.max(FEW_ROWS * ffn, MAX_ROWS * 96) * 4),
    })),
  };
}

/** Rows of one head job: with more, each group of four walks its part of the matrix again. */
export const MAX_HEAD_ROWS = 16;

/** Plans all buffers of a boundary. */
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

/** Writes planned addresses, the shape and the switch for 256-bit kernels where the kernels look for them. */
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

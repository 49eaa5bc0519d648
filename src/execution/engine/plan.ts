import type { TensorInfo } from '#formats';
import { type BlockRole, tensorOf } from '../families/index.ts';
import { ENTRY } from '../kernels/parameters.ts';
import { stageBuffers } from './buffers.ts';
import { GOLDEN_ROWS } from './golden.ts';
import { Arena, type SharedMemory } from './memory.ts';
import type { EngineOptions, ReadTensor } from './options.ts';
import { cacheBytes } from './shape.ts';
import { type Loader, loadSegment, loadVector, planSegments, type Segment, stagingBytes } from './weights.ts';

export interface StageOptions extends EngineOptions {
  /** Blocks [first, end). */
  first: number;
  end: number;
  /** Tensors of block first, first + 1, … */
  blocks: TensorInfo[][];
  read: ReadTensor;
  /** Number of KV caches, one per session. */
  slots: number;
  /** Positions that each KV cache holds. */
  context: number;
}

/** The KV cache of one slot: blocks × kvHeads head caches (layout in kernels/attention.ts), one after the other. */
export interface Cache {
  /** Byte address. */
  at: number;
  /** Positions, a multiple of 8. */
  capacity: number;
}

interface PlannedBlock {
  /** attnNorm and ffnNorm: hidden f32 each, at byte address `at`. */
  norms: { tensor: TensorInfo; at: number }[];
  /** q+k+v, out, gate, up and down. `table` is the byte address of the segment table. */
  matrices: { table: number; segments: Segment[] }[];
}

/** Memory layout of a stage: byte addresses of its weights, KV caches and buffers. */
export interface Plan {
  memory: SharedMemory;
  buffers: { x: number; cos: number; sin: number; rowTable: number; groupTable: number; blockTable: number };
  blocks: PlannedBlock[];
  caches: Cache[];
  staging: number;
}

/** Matrices grouped by their common input, in the order of the kernels' block table. */
const INPUTS: BlockRole[][] = [['q', 'k', 'v'], ['out'], ['gate'], ['up'], ['down']];

/**
 * Plans a stage and creates its memory. Throws TENSORS_INVALID when a tensor is missing or has the wrong shape,
 * MEMORY_EXCEEDED when more than 4 GiB are needed.
 */
export function planStage({ architecture: a, blocks, slots, context }: StageOptions, threads: number): Plan {
  const arena = new Arena();
  const planned = blocks.map((tensors): PlannedBlock => {
    const take = (role: BlockRole) => tensorOf(tensors, role, a);
    return {
      norms: (['attnNorm', 'ffnNorm'] as const).map((role) => ({
        tensor: take(role),
        at: arena.take(a.hidden * 4),
      })),
      matrices: INPUTS.map((roles) => {
        const segments = planSegments(arena, roles.map(take));
        return { segments, table: arena.take(segments.length * ENTRY.segment) };
      }),
    };
  });
  const largest = Math.ceil(context / 8) * 8;
  const capacities = [...Array.from({ length: slots }, () => largest), Math.ceil(GOLDEN_ROWS / 8) * 8];
  const caches = capacities.map((capacity) => ({
    at: arena.take(blocks.length * a.kvHeads * cacheBytes(capacity, a.headDim)),
    capacity,
  }));
  const blockTable = arena.take(blocks.length * ENTRY.block);
  const staging = arena.take(stagingBytes(blocks.flat()));
  const buffers = {
    ...stageBuffers(arena, a, threads, Math.max(...capacities)),
    blockTable,
  } as Plan['buffers'];
  return { memory: arena.create(), buffers, blocks: planned, caches, staging };
}

/** Reads the weights of a block and writes its block table entry at byte address `entry`. */
export async function loadBlock(
  loader: Loader,
  { norms, matrices }: PlannedBlock,
  entry: number,
): Promise<void> {
  for (const { tensor, at } of norms) await loadVector(loader, tensor, at);
  const words = norms.map(({ at }) => at);
  for (const { table, segments } of matrices) {
    for (const [i, segment] of segments.entries()) {
      await loadSegment(loader, segment);
      loader.memory.setWords(table + i * ENTRY.segment, [segment.at, segment.format, segment.tiles]);
    }
    const formats = segments.reduce((bits, { format }) => bits | format, 0);
    words.push(table, segments.length, formats);
  }
  loader.memory.setWords(entry, words);
}

/**
 * Parameter words that the host writes and the kernels read, at a fixed address in the shared memory. All are i32 or byte
 * addresses, except the two marked f32. Kernels get them as generated constants from this list.
 *
 * Shapes of buffers are given for rows = the rows of the job. A record is 40 bytes (…4, for 4-bit weights) or 72 bytes (…8, for
 * 8-bit weights) per 32 columns; see activation.as.ts. Strides are in bytes.
 */
const BASE = 0x2000;
const NAMES = [
  // control; words that threads write are in CONTROL
  'threads', // threads that take part in the job
  'job', // see JOB
  'wide', // 1: use the kernels for 256-bit registers (V8's revectorizer is enabled)
  // shape of the model, in elements
  'hidden',
  'ffn',
  'heads',
  'kvHeads',
  'headDim',
  'hadamard', // length of a head's Hadamard blocks: the largest power of two that divides headDim
  'eps', // f32, of RMS normalisation
  'scoreScale', // f32, 1/√headDim / hadamard
  // the current job
  'rows',
  'firstBlock', // blocks [firstBlock, endBlock), counted from the first block of the stage
  'endBlock',
  'outcome', // result of the job: see OUTCOME
  // tables
  'blockTable', // per block: addresses of its norms, then its matrices (see blocks.as.ts)
  'rowTable', // per row: address of the slot's KV cache, its capacity in positions, position
  'groupTable', // per group of query heads: first head, number of heads, KV head
  'groups', // number of entries of groupTable
  // shared buffers
  'x', // rows × hidden f32: input and output of the job
  'qkv', // rows × (heads + 2 · kvHeads) × headDim f32: queries, keys, values
  'out', // rows × hidden f32: output of a projection before it is added to x
  'cos', // rows × headDim f32: (c, c) for each rotary pair
  'sin', // rows × headDim f32: (−s, s) for each rotary pair
  'scores', // groups × 4 heads × capacity f32, for a single row
  'scoreStride', // capacity · 4
  'input4', // rows × hidden / 32 records: normalised rows
  'input8',
  'attended4', // rows × heads · headDim / 32 records: output of attention
  'attended8',
  'inner4', // rows × ffn / 32 records: silu(gate) · up
  'inner8',
  // private buffers of thread 0; those of thread t are t · privateBytes further
  'privateBytes',
  'normed', // max(hidden, ffn) f32: one normalised row, or one row of silu(gate) · up
  'query', // 4 heads × (2 · headDim int8, f32 scale, padding to 16 bytes)
  'head', // headDim f32: a rotated and transformed head
  'attention', // 4 heads × capacity f32: scores of one group, for many rows
  'softmax', // 4 × 2 planes of capacity int8, 4 f32 scales (32 bytes), capacity f32, 4 × 32 f32 (see attend())
  'accumulators', // ACCUMULATOR_BYTES: sums of the packed kernels
  'unpacked', // unpacked tiles, 640 (4-bit) or 576 (8-bit) bytes per pair of tiles and 32 columns
  'gate', // rows × the thread's share of ffn, f32
  'up',
  'ownInput4', // hidden / 32 records: the normalised row of a job with a single row
  'ownInput8',
  // output head of the model
  'headNorm', // hidden f32
  'headSegment', // address of the segment entry: (address, format, tiles)
  'logits', // rows × vocab f32, rows logitStride apart
  'logitStride',
] as const;

export type Parameter = (typeof NAMES)[number];

/** Byte address of a parameter word. */
export const address = (name: Parameter): number => BASE + 4 * NAMES.indexOf(name);

/** Byte addresses of words that several threads write or wait on, each on its own cache line. i32 except `taken`. */
export const CONTROL = {
  /** u64: the job's number in the upper half, the number of its units taken in the lower half. */
  taken: 0x80,
  /** Units finished. */
  done: 0x100,
  /** Number of threads that sleep until `done` changes. */
  sleepers: 0x180,
  /** Jobs given to thread 0 to lead. */
  ledJobs: 0x200,
  /** Jobs given to the other threads. */
  jobs: 0x280,
  /** Jobs that thread 0 has finished. */
  led: 0x300,
  /** Nonzero: a thread has crashed, and waiting threads must give up. */
  broken: 0x380,
} as const;

/** Values of `job`: run blocks, run the output head, or leave work(). */
export const JOB = { blocks: 1, head: 2, stop: 3 } as const;

/** Values of `outcome`: success, or NaN or infinity in the input or in the output. */
export const OUTCOME = { finite: 0, inputNotFinite: 1, outputNotFinite: 2 } as const;

/** Bytes of one entry of each table. */
export const ENTRY = { block: 128, segment: 16, row: 16, group: 16 } as const;

/** First address available to the host. Constants, parameters and AssemblyScript's own data are below it. */
export const HEAP = 0x10000;

const screaming = (name: string) => name.replace(/[A-Z]/g, '_$&').toUpperCase();

/** AssemblyScript declarations of all the constants above. */
export function parametersSource(): string {
  const words = NAMES.map((name) => `export const ${screaming(name)}: usize = ${address(name)};`);
  const control = Object.entries(CONTROL).map(
    ([k, v]) => `export const CONTROL_${screaming(k)}: usize = ${v};`,
  );
  const jobs = Object.entries(JOB).map(([k, v]) => `export const JOB_${screaming(k)}: i32 = ${v};`);
  const outcomes = Object.entries(OUTCOME).map(
    ([k, v]) => `export const OUTCOME_${screaming(k)}: i32 = ${v};`,
  );
  const entries = Object.entries(ENTRY).map(([k, v]) => `export const ${screaming(k)}_BYTES: usize = ${v};`);
  return `${[...words, ...control, ...jobs, ...outcomes, ...entries].join('\n')}\n`;
}

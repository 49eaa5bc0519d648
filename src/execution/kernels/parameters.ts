/**
 * The words through which the host and the kernels talk, at a fixed place of the shared memory. All are i32 (or
 * addresses); the two marked are f32. The list is the only description: kernels get it as generated constants.
 */
const BASE = 0x2000;
const NAMES = [
  // control: words that threads change, on cache lines of their own (see CONTROL)
  'threads',
  'job',
  'wide', // 1: kernels for 256-bit registers (V8's revectorizer is on)
  // shape
  'hidden',
  'ffn',
  'heads',
  'kvHeads',
  'headDim',
  'hadamard', // length of the Hadamard blocks of a head: largest power of two that divides headDim
  'eps', // f32
  'scoreScale', // f32
  // this job
  'rows',
  'firstBlock',
  'endBlock',
  'outcome', // what became of the job: see OUTCOME
  // tables
  'blockTable',
  'rowTable',
  'groupTable',
  'groups',
  // shared buffers
  'x',
  'qkv',
  'out',
  'cos',
  'sin',
  'scores',
  'scoreStride',
  'input4',
  'input8',
  'attended4',
  'attended8',
  'inner4',
  'inner8',
  // private buffers of thread 0; thread t's lie t · privateBytes further
  'privateBytes',
  'normed',
  'query',
  'head',
  'attention',
  'softmax',
  'accumulators',
  'unpacked',
  'gate',
  'up',
  'ownInput4',
  'ownInput8',
  // head
  'headNorm',
  'headSegment',
  'logits',
  'logitStride',
] as const;

export type Parameter = (typeof NAMES)[number];

export const address = (name: Parameter): number => BASE + 4 * NAMES.indexOf(name);

/** Words that several threads write or wait on, each on a cache line of its own. */
export const CONTROL = {
  /** Number of the job and how many units of it are taken (u64); units done; those who sleep until more are. */
  taken: 0x80,
  done: 0x100,
  sleepers: 0x180,
  /** Jobs given to thread 0, and to the others; jobs that thread 0 has done. */
  ledJobs: 0x200,
  jobs: 0x280,
  led: 0x300,
  /** Not 0: a thread has died, nobody waits for it. */
  broken: 0x380,
} as const;

/** Jobs a crew of threads can be given. */
export const JOB = { blocks: 1, head: 2, stop: 3 } as const;

/** What a job leaves in `outcome`: all is well, or what it was given or has made is infinite or not a number. */
export const OUTCOME = { finite: 0, inputNotFinite: 1, outputNotFinite: 2 } as const;

/** Bytes of one entry of each table. */
export const ENTRY = { block: 128, segment: 16, row: 16, group: 16 } as const;

/** First address that is free for the host: below it are constants, parameters and AssemblyScript's own data. */
export const HEAP = 0x10000;

const screaming = (name: string) => name.replace(/[A-Z]/g, '_$&').toUpperCase();

/** AssemblyScript constants of everything above. */
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

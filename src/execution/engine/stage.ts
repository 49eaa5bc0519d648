import { BitorchError } from '#base';
import { ropeFrequencies, writeRopeRow } from '../arithmetic/rope.ts';
import { ENTRY, JOB, OUTCOME } from '../kernels/parameters.ts';
import { MAX_ROWS, writeParameters } from './buffers.ts';
import { GOLDEN_ROWS, goldenInput } from './golden.ts';
import { instantiate } from './kernels.ts';
import type { SharedMemory } from './memory.ts';
import { compiledKernels } from './modules.ts';
import type { Row } from './options.ts';
import { type Cache, loadBlock, type Plan, planStage, type StageOptions } from './plan.ts';
import { sha256 } from './platform.ts';
import { Queue } from './queue.ts';
import { checkShape, hadamardLength, headGroups, MAX_CONTEXT, scoreScale } from './shape.ts';
import { ThreadPool } from './thread-pool.ts';
import type { Loader } from './weights.ts';

/** Blocks [first, end). */
export interface BlockRange {
  first: number;
  end: number;
}

/** Blocks [first, end) of a model, with their KV caches, in one shared memory. Worker threads run them. */
export class Stage {
  readonly first: number;
  readonly end: number;
  readonly slots: number;
  readonly context: number;
  readonly hidden: number;
  readonly #memory: SharedMemory;
  readonly #pool: ThreadPool;
  /** MAX_ROWS × hidden f32: input of a job, overwritten with its output. */
  readonly #x: Float32Array;
  /** Rotary tables, MAX_ROWS × headDim f32 (see writeRopeRow). */
  readonly #cos: Float32Array;
  readonly #sin: Float32Array;
  /** MAX_ROWS entries of (address of the slot's KV cache, its capacity, position). */
  readonly #rowTable: Int32Array;
  /** One per slot, plus one for golden hashes. */
  readonly #caches: Cache[];
  readonly #frequencies: Float64Array;
  readonly #queue = new Queue();

  private constructor(o: StageOptions, plan: Plan, pool: ThreadPool) {
    this.first = o.first;
    this.end = o.end;
    this.slots = o.slots;
    this.context = o.context;
    this.hidden = o.architecture.hidden;
    this.#memory = plan.memory;
    this.#pool = pool;
    const { x, cos, sin, rowTable } = plan.buffers;
    const { memory } = plan;
    this.#x = memory.floatsAt(x, MAX_ROWS * this.hidden);
    this.#cos = memory.floatsAt(cos, MAX_ROWS * o.architecture.headDim);
    this.#sin = memory.floatsAt(sin, MAX_ROWS * o.architecture.headDim);
    this.#rowTable = memory.wordsAt(rowTable, (MAX_ROWS * ENTRY.row) / 4);
    this.#caches = plan.caches;
    this.#frequencies = ropeFrequencies(o.architecture);
  }

  /**
   * Reads and repacks the weights and starts the threads. Throws ARCHITECTURE_UNSUPPORTED, CONTEXT_INVALID, TENSORS_INVALID,
   * WEIGHTS_INVALID or MEMORY_EXCEEDED, and whatever `read` and `signal` throw; all resources are released then.
   */
  static async load(o: StageOptions): Promise<Stage> {
    checkShape(o.architecture);
    if (o.first >= o.end || o.end > o.architecture.layers || o.blocks.length !== o.end - o.first) {
      throw new RangeError(`blocks [${o.first}, ${o.end}) with ${o.blocks.length} lists of tensors`);
    }
    if (!Number.isInteger(o.context) || o.context < 1 || o.context > MAX_CONTEXT) {
      throw new BitorchError(
        'CONTEXT_INVALID',
        `the context is ${o.context}: choose 1 to ${MAX_CONTEXT} positions`,
      );
    }
    const threads = o.threads ?? 1;
    const { module, wide } = await compiledKernels(o.build);
    const plan = planStage(o, threads);
    const kernels = instantiate(module, plan.memory.memory);
    kernels.prepareConstants();
    writeParameters(plan.memory, plan.buffers, o.architecture, wide);
    plan.memory.set('hadamard', hadamardLength(o.architecture));
    plan.memory.setFloat('scoreScale', scoreScale(o.architecture));
    headGroups(o.architecture).forEach((group, i) => {
      plan.memory.setWords(plan.buffers.groupTable + i * ENTRY.group, group);
    });
    const { memory, staging } = plan;
    const { architecture, read, signal } = o;
    const loader: Loader = { memory, kernels, staging, read, architecture, signal };
    for (const [i, block] of plan.blocks.entries()) {
      await loadBlock(loader, block, plan.buffers.blockTable + i * ENTRY.block);
      o.onProgress?.({ step: 'load', done: i + 1, total: plan.blocks.length, unit: 'blocks' });
    }
    o.signal?.throwIfAborted();
    return new Stage(o, plan, await ThreadPool.start(plan.memory, module, o));
  }

  /**
   * Runs hidden states (rows.length × hidden f32, in and out) through all blocks, or through those of `range`. Rows of one
   * slot must be consecutive ascending positions; the slot's cache is overwritten from the first of them on. Calls are queued;
   * a short call on an idle stage returns its result synchronously. Throws HIDDEN_NOT_FINITE when the input or the output
   * contains NaN or infinity, CONTEXT_EXCEEDED when a position is beyond the context.
   */
  forward(rows: Row[], hidden: Float32Array, range?: BlockRange): Float32Array | Promise<Float32Array> {
    const { first, end } = range ?? this;
    if (first < this.first || end > this.end || first >= end) {
      throw new RangeError(`blocks [${first}, ${end}) are not in this stage`);
    }
    this.#check(rows, hidden);
    return this.#queue.add(() => this.#forward(rows, hidden, first, end));
  }

  /** SHA-256 of each block's output for the fixed input (docs/protocol/arithmetic.md, "Golden hashes"). */
  async goldenHashes(): Promise<Uint8Array[]> {
    return this.#queue.add(async () => {
      const rows = Array.from({ length: GOLDEN_ROWS }, (_, position) => ({ slot: this.slots, position }));
      const input = goldenInput(this.hidden);
      const hashes: Uint8Array[] = [];
      for (let block = this.first; block < this.end; block++) {
        const output = await this.#forward(rows, input, block, block + 1);
        hashes.push(await sha256(output));
      }
      return hashes;
    });
  }

  /** Stops the threads. Pending calls are rejected with ENGINE_STOPPED. */
  async stop(): Promise<void> {
    this.#queue.close();
    await this.#pool.stop();
  }

  #check(rows: Row[], hidden: Float32Array): void {
    if (hidden.length !== rows.length * this.hidden) {
      throw new RangeError(`${rows.length} rows of ${this.hidden} floats, got ${hidden.length} floats`);
    }
    for (const { slot, position } of rows) {
      if (!Number.isInteger(slot) || slot < 0 || slot >= this.slots) throw new RangeError(`no slot ${slot}`);
      if (!Number.isInteger(position) || position < 0 || position >= this.context) {
        throw new BitorchError(
          'CONTEXT_EXCEEDED',
          `position ${position} is beyond the stage's context of ${this.context}`,
        );
      }
    }
    if (rows.length > 1) checkOrder(rows);
  }

  #forward(
    rows: Row[],
    hidden: Float32Array,
    first: number,
    end: number,
  ): Float32Array | Promise<Float32Array> {
    return rows.length > MAX_ROWS
      ? this.#forwardChunks(rows, hidden, first, end)
      : this.#forwardChunk(rows, hidden, first, end);
  }

  async #forwardChunks(rows: Row[], hidden: Float32Array, first: number, end: number): Promise<Float32Array> {
    const output = new Float32Array(hidden.length);
    for (let from = 0; from < rows.length; from += MAX_ROWS) {
      const chunk = rows.slice(from, from + MAX_ROWS);
      const part = hidden.subarray(from * this.hidden, (from + chunk.length) * this.hidden);
      output.set(await this.#forwardChunk(chunk, part, first, end), from * this.hidden);
    }
    return output;
  }

  #forwardChunk(
    rows: Row[],
    hidden: Float32Array,
    first: number,
    end: number,
  ): Float32Array | Promise<Float32Array> {
    const units = rows.length * (end - first);
    this.#pool.call(units);
    this.#x.set(hidden);
    this.#writeRows(rows);
    this.#memory.set('job', JOB.blocks);
    this.#memory.set('firstBlock', first - this.first);
    this.#memory.set('endBlock', end - this.first);
    const running = this.#pool.run(units);
    return running ? running.then(() => this.#output(hidden.length)) : this.#output(hidden.length);
  }

  /** A copy of the job's output (`count` f32). Throws HIDDEN_NOT_FINITE when the job reported NaN or infinity. */
  #output(count: number): Float32Array {
    const outcome = this.#memory.get('outcome');
    if (outcome === OUTCOME.finite) return this.#x.slice(0, count);
    const which = outcome === OUTCOME.inputNotFinite ? 'input' : 'output';
    throw new BitorchError(
      'HIDDEN_NOT_FINITE',
      `the hidden states of the ${which} contain NaN or infinity: the sender or the model's weights are broken`,
    );
  }

  #writeRows(rows: Row[]): void {
    const headDim = this.#frequencies.length * 2;
    this.#memory.set('rows', rows.length);
    rows.forEach(({ slot, position }, i) => {
      const { at, capacity } = this.#caches[slot]!;
      const entry = (i * ENTRY.row) / 4;
      this.#rowTable[entry] = at;
      this.#rowTable[entry + 1] = capacity;
      this.#rowTable[entry + 2] = position;
      writeRopeRow(this.#frequencies, position, this.#cos, this.#sin, i * headDim);
    });
  }
}

/** Requires the rows of each slot to be consecutive ascending positions. */
function checkOrder(rows: readonly Row[]): void {
  const next = new Map<number, number>();
  for (const { slot, position } of rows) {
    const expected = next.get(slot) ?? position;
    if (expected !== position) {
      throw new RangeError(`slot ${slot}: position ${position} where ${expected} was expected`);
    }
    next.set(slot, position + 1);
  }
}

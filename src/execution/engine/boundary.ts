import { BitorchError } from '#base';
import type { Architecture, TensorInfo } from '#formats';
import { type BoundaryRole, tensorOf } from '../families/index.ts';
import { ENTRY, JOB, OUTCOME } from '../kernels/parameters.ts';
import { boundaryBuffers, MAX_HEAD_ROWS, writeParameters } from './buffers.ts';
import { Embedding } from './embedding.ts';
import { instantiate } from './kernels.ts';
import { Arena, type SharedMemory } from './memory.ts';
import { compiledKernels } from './modules.ts';
import type { EngineOptions, ReadTensor } from './options.ts';
import { Queue } from './queue.ts';
import { checkShape } from './shape.ts';
import { ThreadPool } from './thread-pool.ts';
import { type Loader, loadSegment, loadVector, planSegments, stagingBytes } from './weights.ts';

export interface BoundaryOptions extends EngineOptions {
  tensors: TensorInfo[];
  read: ReadTensor;
}

/** Byte addresses and strides of the boundary's buffers. */
interface Addresses {
  x: number;
  logits: number;
  logitStride: number;
}

/** The part of a model that the client runs: embedding, final norm and head. */
export class Boundary {
  readonly #architecture: Architecture;
  readonly #memory: SharedMemory;
  readonly #pool: ThreadPool;
  readonly #embedding: Embedding;
  readonly #addresses: Addresses;
  readonly #queue = new Queue();

  private constructor(
    architecture: Architecture,
    memory: SharedMemory,
    pool: ThreadPool,
    embedding: Embedding,
    addresses: Addresses,
  ) {
    this.#architecture = architecture;
    this.#memory = memory;
    this.#pool = pool;
    this.#embedding = embedding;
    this.#addresses = addresses;
  }

  /** Loads the boundary's weights and starts its threads. Throws the same codes as Stage.load(). */
  static async load(o: BoundaryOptions): Promise<Boundary> {
    const { architecture, read, signal } = o;
    checkShape(architecture);
    const threads = o.threads ?? 1;
    const { module, wide } = await compiledKernels(o.build);
    const { embedding, norm, head } = tensorsOf(o.tensors, architecture);

    const arena = new Arena();
    const headNorm = arena.take(architecture.hidden * 4);
    const [segment] = planSegments(arena, [head]);
    const headSegment = arena.take(ENTRY.segment);
    const staging = arena.take(stagingBytes([head, norm]));
    const buffers = boundaryBuffers(arena, architecture, threads) as Addresses;
    const memory = arena.create();
    const kernels = instantiate(module, memory.memory);
    kernels.prepareConstants();
    writeParameters(memory, { ...buffers, headNorm, headSegment }, architecture, wide);

    const loader: Loader = { memory, kernels, staging, read, architecture, signal };
    await loadVector(loader, norm, headNorm);
    await loadSegment(loader, segment!);
    memory.setWords(headSegment, [segment!.at, segment!.format, segment!.tiles]);
    const rows =
      embedding === head && Embedding.fitsTiles(embedding)
        ? Embedding.ofTiles(memory, segment!.at, embedding)
        : Embedding.ofBytes(await read(embedding), embedding);
    o.onProgress?.({ step: 'load', done: 1, total: 1, unit: 'blocks' });
    signal?.throwIfAborted();
    return new Boundary(architecture, memory, await ThreadPool.start(memory, module, o), rows, buffers);
  }

  /**
   * Looks up the rows of the embedding matrix: tokens.length × hidden f32. Throws TOKEN_INVALID when a token is not in the
   * vocabulary.
   */
  embed(tokens: readonly number[]): Float32Array {
    const { hidden, vocab } = this.#architecture;
    const rows = new Float32Array(tokens.length * hidden);
    tokens.forEach((token, i) => {
      if (!Number.isInteger(token) || token < 0 || token >= vocab) {
        throw new BitorchError('TOKEN_INVALID', `token ${token} is not in the vocabulary of ${vocab}`);
      }
      this.#embedding.write(token, rows.subarray(i * hidden, (i + 1) * hidden));
    });
    return rows;
  }

  /**
   * Final norm and head: n × hidden f32 in, n × vocab f32 out. Writes to `reused` when given: a new buffer for each token
   * would burden the garbage collector. Throws HIDDEN_NOT_FINITE when the logits contain NaN or infinity.
   */
  async logits(hidden: Float32Array, reused?: Float32Array): Promise<Float32Array> {
    const n = hidden.length / this.#architecture.hidden;
    if (!Number.isInteger(n)) throw new RangeError(`${hidden.length} floats are not a whole number of rows`);
    const output = reused ?? new Float32Array(n * this.#architecture.vocab);
    return this.#queue.add(() => this.#logits(hidden, n, output));
  }

  /** Stops the threads. Pending calls are rejected with ENGINE_STOPPED. */
  async stop(): Promise<void> {
    this.#queue.close();
    await this.#pool.stop();
  }

  async #logits(hidden: Float32Array, n: number, output: Float32Array): Promise<Float32Array> {
    const { hidden: width, vocab } = this.#architecture;
    const { x, logits, logitStride } = this.#addresses;
    for (let from = 0; from < n; from += MAX_HEAD_ROWS) {
      const rows = Math.min(MAX_HEAD_ROWS, n - from);
      this.#pool.call(rows);
      this.#memory.floatsAt(x, rows * width).set(hidden.subarray(from * width, (from + rows) * width));
      this.#memory.set('rows', rows);
      this.#memory.set('job', JOB.head);
      const running = this.#pool.run(rows);
      if (running) await running;
      if (this.#memory.get('outcome') !== OUTCOME.finite) throw notFinite();
      for (let i = 0; i < rows; i++) {
        output.set(this.#memory.floatsAt(logits + i * logitStride, vocab), (from + i) * vocab);
      }
    }
    return output;
  }
}

const notFinite = () =>
  new BitorchError(
    'HIDDEN_NOT_FINITE',
    'the logits contain NaN or infinity: the hidden states or the head weights are broken',
  );

function tensorsOf(tensors: readonly TensorInfo[], architecture: Architecture) {
  const take = (role: BoundaryRole) => tensorOf(tensors, role, architecture);
  const embedding = take('embedding');
  return { embedding, norm: take('norm'), head: architecture.tiedHead ? embedding : take('head') };
}

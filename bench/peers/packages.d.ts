/**
 * The parts of node-llama-cpp that are used here, declared so that the repository type-checks without it. What begins
 * with an underscore is its internal binding to llama.cpp's batch interface: no sampling, no bookkeeping, so nothing
 * of the wrapper is timed.
 */
declare module 'node-llama-cpp' {
  export interface Sampler {
    applyConfig(config: { temperature: 0 }): void;
  }
  export interface Batch {
    initBatch(size: number): void;
    /** Indexes are of the tokens whose logits are wanted; returns their places in the batch. */
    addToBatch(
      sequence: number,
      position: number,
      tokens: Uint32Array,
      logitIndexes: Uint32Array,
    ): Uint32Array;
    decodeBatch(): Promise<void>;
    /** The sampled token, and token and probability in turn for the whole vocabulary. */
    sampleToken(place: number, sampler: Sampler, probabilities: true): Promise<[number, number[]]>;
    removeTokenCellsFromSequence(sequence: number, from: number, to: number): boolean;
    setThreads(threads: number): void;
  }
  export interface Model {
    readonly _model: object;
    createContext(options: {
      contextSize: number;
      batchSize: number;
      threads: { ideal: number; min: number };
      flashAttention: boolean;
    }): Promise<{ readonly _ctx: Batch }>;
  }
  export interface Llama {
    readonly _bindings: { AddonSampler: new (model: object) => Sampler };
    loadModel(options: { modelPath: string; gpuLayers: 0 }): Promise<Model>;
  }
  export function getLlama(options: {
    gpu: false;
    build: 'never';
    maxThreads: number;
    logLevel: 'error';
  }): Promise<Llama>;
}

/** llama.cpp through node-llama-cpp, on the processor alone. */
import { type Batch, getLlama, type Sampler } from 'node-llama-cpp';
import { type Engine, serve } from '../decode/engine.ts';
import { ROOM } from '../decode/workload.ts';

/** Most tokens of one evaluation: llama.cpp's default. */
const BATCH_TOKENS = 512;

serve(async ({ gguf, threads }) => {
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: threads, logLevel: 'error' });
  const model = await llama.loadModel({ modelPath: gguf, gpuLayers: 0 });
  const { _ctx: batch } = await model.createContext({
    contextSize: ROOM,
    batchSize: BATCH_TOKENS,
    threads: { ideal: threads, min: threads },
    flashAttention: true,
  });
  batch.setThreads(threads);
  const sampler = new llama._bindings.AddonSampler(model._model);
  sampler.applyConfig({ temperature: 0 });
  return { 'llama.cpp': llamaEngine(batch, sampler) };
});

function llamaEngine(batch: Batch, sampler: Sampler): Engine {
  /** Evaluates at most BATCH_TOKENS tokens; resolves with where the wanted logits are. */
  const evaluate = async (position: number, tokens: readonly number[], logits: readonly number[]) => {
    batch.initBatch(tokens.length);
    const places = batch.addToBatch(0, position, Uint32Array.from(tokens), Uint32Array.from(logits));
    await batch.decodeBatch();
    return places;
  };
  const rewind = (position: number) => batch.removeTokenCellsFromSequence(0, position, -1);
  return {
    async prefill(tokens) {
      rewind(0);
      for (let from = 0; from < tokens.length; from += BATCH_TOKENS) {
        const part = tokens.slice(from, from + BATCH_TOKENS);
        await evaluate(from, part, from + part.length === tokens.length ? [part.length - 1] : []);
      }
    },
    async step(position, token) {
      rewind(position);
      await evaluate(position, [token], [0]);
    },
    async score(tokens) {
      rewind(0);
      let total = 0;
      for (let from = 0; from < tokens.length - 1; from += BATCH_TOKENS) {
        const part = tokens.slice(from, Math.min(from + BATCH_TOKENS, tokens.length - 1));
        const places = await evaluate(from, part, [...part.keys()]);
        for (const [i, place] of places.entries()) {
          const [, distribution] = await batch.sampleToken(place, sampler, true);
          total -= Math.log(shareOf(distribution, tokens[from + i + 1]!));
        }
      }
      return total;
    },
  };
}

/** Probability of a token in [token, probability, …]; their 32-bit sum is not exactly 1. */
function shareOf(distribution: readonly number[], token: number): number {
  let sum = 0;
  let share = 0;
  for (let i = 0; i < distribution.length; i += 2) {
    sum += distribution[i + 1]!;
    if (distribution[i] === token) share = distribution[i + 1]!;
  }
  return share / sum;
}

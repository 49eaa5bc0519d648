import { pause } from '#base';
import { sampleModel } from './sample-model.ts';
import { Stage } from './stage.ts';

/** The blocks of SmolLM2-135M (https://huggingface.co/HuggingFaceTB/SmolLM2-135M-Instruct, config.json), with 4-bit weights. */
const REFERENCE = { layers: 30, hidden: 576, heads: 9, kvHeads: 3, headDim: 64, ffn: 1536 };
const CONTEXT = 512;
/** At least this many tokens are timed, however slow the machine is. */
const LEAST_TOKENS = 8;

export interface Speed {
  /** Name of the model whose shape was computed. */
  readonly reference: string;
  readonly blocks: number;
  readonly threads: number;
  /** Median time of one token through all the blocks, in ms. */
  readonly msPerToken: number;
}

interface SpeedOptions {
  readonly threads: number;
  /** How long to warm up, until V8 has optimised the kernels, and then to measure, in ms. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Decodes one token after another through all blocks of a small reference model with pseudo-random weights, about 66 MB, which
 * no processor's inner caches hold. Throws MEMORY_EXCEEDED, ENGINE_FAILED, and what `signal` throws.
 */
export async function measureSpeed({ threads, warmUpMs, measureMs, signal }: SpeedOptions): Promise<Speed> {
  const { architecture, blocks, read } = sampleModel({ ...REFERENCE, context: CONTEXT }, () => 'Q4_1');
  // A pause before each tensor lets other work of the process go on.
  const readInTurns: typeof read = async (tensor) => {
    await pause(0, signal);
    return read(tensor);
  };
  const { layers: end } = architecture;
  const stage = await Stage.load({
    ...{ architecture, first: 0, end, blocks, read: readInTurns, slots: 1, context: CONTEXT, threads },
    ...(signal && { signal }),
  });
  try {
    const input = Float32Array.from({ length: stage.hidden }, (_, i) => ((i * 7919) % 2003) / 1001 - 1);
    const decode = async (forMs: number): Promise<number[]> => {
      const times: number[] = [];
      const start = performance.now();
      while (times.length < LEAST_TOKENS || performance.now() - start < forMs) {
        await pause(0, signal);
        const before = performance.now();
        await stage.forward([{ slot: 0, position: times.length % CONTEXT }], input.slice());
        times.push(performance.now() - before);
      }
      return times;
    };
    await decode(warmUpMs);
    const times = (await decode(measureMs)).sort((a, b) => a - b);
    const msPerToken = times[Math.floor(times.length / 2)]!;
    return { reference: 'SmolLM2-135M', blocks: end, threads, msPerToken };
  } finally {
    await stage.stop();
  }
}

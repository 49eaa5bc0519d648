import type { Setup } from './engine.ts';
import { EngineProcess } from './process.ts';
import { LLAMA_CPP, WHOLE } from './rounds.ts';

/** Tokens whose probability counts. */
export const SCORED_TOKENS = 1024;

export interface Perplexity {
  readonly ours: number;
  readonly peer: number;
}

/** Both engines read the text once from position 0, in one context. */
export async function measurePerplexity(setup: Setup): Promise<Perplexity> {
  const tokens = setup.tokens.slice(0, SCORED_TOKENS + 1);
  const score = async (script: URL): Promise<number> => {
    const engine = await EngineProcess.start(script, { ...setup, tokens });
    try {
      const [nats] = Object.values(await engine.run({ kind: 'score' }));
      return Math.exp(nats! / SCORED_TOKENS);
    } finally {
      await engine.stop();
    }
  };
  return { ours: await score(WHOLE), peer: await score(LLAMA_CPP) };
}

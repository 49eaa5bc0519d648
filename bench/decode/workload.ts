import { readFile } from 'node:fs/promises';
import { describeModel, openTokenizer } from '#execution';
import { fileAccess } from '#formats';

/** Positions in the cache when a step is timed, and lengths of the prompts whose prefill is timed. */
export const CONTEXTS = [128, 900] as const;
/** Timed steps of one burst: a chunk of receipts, so that each burst with receipts signs one per stage. */
export const STEPS = 32;
/** Steps before these that are not timed: threads wake up, weights come back into the caches. */
export const WARM_STEPS = 2;
/** Bursts that every engine does before anything is timed: a node that serves has its code compiled. */
export const WARM_BURSTS = 20;
/** Positions that every engine has room for: the whole text. */
export const ROOM = 2048;

/**
 * The first core for the threads of every process, which keep to theirs as with --pin, where they can. One token is in one
 * process at a time: on a core that was awake for the process before it is there sooner.
 */
export const PIN = process.platform === 'linux' ? 0 : undefined;

/** The fixed text as tokens of the model in a GGUF file, the same for every engine. */
export async function textTokens(gguf: string): Promise<number[]> {
  const source = await fileAccess(gguf);
  try {
    const { tokenizer, headerRanges } = await describeModel([{ path: 'model.gguf', source }]);
    const { encode } = await openTokenizer(tokenizer, headerRanges, (_, offset, length) =>
      source.read(offset, length),
    );
    const text = await readFile(new URL('./text.txt', import.meta.url), 'utf8');
    return encode(text, { special: false });
  } finally {
    await source.close();
  }
}

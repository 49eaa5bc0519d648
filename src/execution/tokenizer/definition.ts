import { BitorchError, check, z } from '#base';

/** What a tokenizer is made of, whichever file it came from: the parts of Hugging Face's tokenizer.json. */
const addedTokenSchema = z.object({
  id: z
    .number()
    .int()
    .min(0)
    .max(1 << 24),
  content: z.string().min(1).max(4096),
  special: z.boolean(),
  normalized: z.boolean().optional(),
  single_word: z.boolean().optional(),
  lstrip: z.boolean().optional(),
  rstrip: z.boolean().optional(),
});
export type AddedToken = z.infer<typeof addedTokenSchema>;

export const partSchema = z.looseObject({ type: z.string() });
export type Part = z.infer<typeof partSchema>;

export const tokenizerJsonSchema = z.object({
  added_tokens: z.array(addedTokenSchema).max(1 << 16),
  normalizer: partSchema.nullish(),
  pre_tokenizer: partSchema.nullish(),
  post_processor: partSchema.nullish(),
  decoder: partSchema.nullish(),
  model: z.looseObject({ type: z.enum(['BPE', 'Unigram']), vocab: z.unknown() }),
});
export type TokenizerJson = z.infer<typeof tokenizerJsonSchema>;

export interface TokenizerDefinition {
  json: TokenizerJson;
  /** Token that begins a text, and whether the model wants it before a raw prompt. */
  bos?: number;
  addsBos: boolean;
  eos?: number;
  /** Tokens that end an answer. */
  stopIds: number[];
}

const MAX_VOCAB = 1 << 21;

/**
 * Token texts by id. Throws TOKENIZER_INVALID when ids are not 0 … n−1 each given once (added tokens may follow
 * or repeat a vocabulary entry).
 */
export function vocabularyOf({ model, added_tokens }: TokenizerJson): string[] {
  const pairs: [string, number][] =
    model.type === 'BPE'
      ? Object.entries(check(z.record(z.string(), z.number()), model.vocab, 'tokenizer vocabulary'))
      : check(z.array(z.tuple([z.string(), z.number()])), model.vocab, 'tokenizer vocabulary').map(
          ([text], id) => [text, id],
        );
  const size = Math.max(pairs.length, 1 + added_tokens.reduce((max, token) => Math.max(max, token.id), -1));
  if (size > MAX_VOCAB) throw invalidTokenizer(`its vocabulary has ${size} tokens, over ${MAX_VOCAB}`);
  const texts: (string | undefined)[] = new Array(size).fill(undefined);
  for (const [text, id] of pairs) {
    if (!Number.isInteger(id) || id < 0 || id >= size || texts[id] !== undefined) {
      throw invalidTokenizer(`token ${JSON.stringify(text.slice(0, 80))} has the id ${id}`);
    }
    texts[id] = text;
  }
  for (const token of added_tokens) texts[token.id] = token.content;
  return texts.map((text) => text ?? '');
}

export function invalidTokenizer(reason: string, cause?: unknown): BitorchError {
  return new BitorchError('TOKENIZER_INVALID', `the model's tokenizer cannot be used: ${reason}`, {}, cause);
}

/** What ends an answer in one model or another, whatever its file says of the token (llama.cpp, `llama-vocab.cpp`). */
const STOP_TEXTS: ReadonlySet<string> = new Set([
  '<|im_end|>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|end_of_text|>',
  '<|endoftext|>',
  '<|end|>',
  '<|eot|>',
  '<|return|>',
  '<|call|>',
  '<|flush|>',
  '<|calls|>',
  '<|end_of_turn|>',
  '<|END_OF_TURN_TOKEN|>',
  '<end_of_turn>',
  '<turn|>',
  '<end_of_utterance>',
  '<｜end▁of▁sentence｜>',
  '<EOT>',
  '_<EOT>',
  '[EOT]',
  '[EOS]',
  '<eos>',
  '</s>',
]);

/** Tokens in a model's own brackets: no part of what it says, even where its file calls them ordinary. */
export const looksLikeControl = (text: string): boolean =>
  STOP_TEXTS.has(text) || /^<[|｜][^\s<>]+[|｜]>$/u.test(text);

/** The declared end tokens and those that are known to end an answer, in ascending order. */
export function stopIdsOf(json: TokenizerJson, declared: readonly (number | undefined)[]): number[] {
  const texts = vocabularyOf(json);
  // In the format of gpt-oss, which has these, it ends a message and not the answer.
  const endIsMiddle = texts.includes('<|return|>') && texts.includes('<|call|>');
  const isStop = (text: string) => STOP_TEXTS.has(text) && !(endIsMiddle && text === '<|end|>');
  const known = texts.flatMap((text, id) => (isStop(text) ? [id] : []));
  const ids = [...declared.filter((id) => id !== undefined), ...known];
  return [...new Set(ids)].sort((a, b) => a - b);
}

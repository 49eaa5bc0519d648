/** Single parts out of @huggingface/tokenizers, which only takes whole tokenizers by its types. */
import { Tokenizer as Parts } from '@huggingface/tokenizers';
import type { Part } from './definition.ts';

const EMPTY = {
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  model: { type: 'BPE', vocab: {}, merges: [] },
};

export const packageNormalizer = (part: Part) => new Parts({ ...EMPTY, normalizer: part }, {}).normalizer!;

export const packageCut = (part: Part) => new Parts({ ...EMPTY, pre_tokenizer: part }, {}).pre_tokenizer!;

export const packageModel = (model: Part) => new Parts({ ...EMPTY, model }, {}).model!;

/** A pattern of Oniguruma as JavaScript has it. */
export function packagePattern(pattern: { Regex?: string | undefined; String?: string | undefined }): RegExp {
  const split = packageCut({ type: 'Split', pattern, invert: true }) as unknown as { pattern: RegExp };
  return split.pattern;
}

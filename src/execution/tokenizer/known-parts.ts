/**
 * The steps of a tokenizer.json that give the ids of the original, tried against it (see test/vectors/execution/tokenizer-kinds.test.ts).
 * All others are refused by name: a wrong prompt shows in nothing but worse answers.
 */
import { BitorchError, check, z } from '#base';
import { type Cut, cutsOf } from './cuts.ts';
import { type Part, partSchema, type TokenizerJson } from './definition.ts';
import { type Normalize, normalizerOf } from './normalizers.ts';

export interface Steps {
  normalizers: Normalize[];
  cuts: Cut[];
}

/** Throws TOKENIZER_UNSUPPORTED for parts and options that are not known to agree, SCHEMA_INVALID for damage. */
export function stepsOf({ normalizer, pre_tokenizer, model }: TokenizerJson): Steps {
  if (model.dropout) throw unsupported('merges that are left out by chance (dropout)');
  if (model.continuing_subword_prefix || model.end_of_word_suffix)
    throw unsupported('marks at the ends of words (continuing_subword_prefix, end_of_word_suffix)');
  if (model.type === 'Unigram' && model.byte_fallback)
    throw unsupported('the model Unigram with byte_fallback');
  const normalizers = flatten(normalizer, 'normalizers').map((part) => {
    const step = normalizerOf(part);
    if (!step) throw unsupported(`the normalizer ${part.type}`);
    return step;
  });
  const parts = flatten(pre_tokenizer, 'pretokenizers');
  const cuts = parts.flatMap((part) => {
    // The original puts the space before each piece that others have cut.
    const spaced = part.type === 'ByteLevel' && part.add_prefix_space && parts.length > 1;
    const steps = spaced ? undefined : cutsOf(part);
    if (!steps) throw unsupported(`the pre-tokenizer ${JSON.stringify(part).slice(0, 200)}`);
    return steps;
  });
  return { normalizers, cuts };
}

function flatten(part: Part | null | undefined, list: 'normalizers' | 'pretokenizers'): Part[] {
  if (!part) return [];
  if (part.type !== 'Sequence') return [part];
  const parts = check(z.array(partSchema).max(64), part[list], `tokenizer.json: ${list}`);
  const nested = parts.find(({ type }) => type === 'Sequence');
  if (nested) throw unsupported('a sequence in a sequence');
  return parts;
}

export function unsupported(what: string): BitorchError {
  const message = `tokenizer.json has ${what}: Bitorch is not known to cut texts as the original does there`;
  return new BitorchError('TOKENIZER_UNSUPPORTED', message);
}

/**
 * The parts of tokenizer.json with which @huggingface/tokenizers gives the ids of the original, tried against it (see
 * test/vectors/execution/tokenizer-parts.test.ts). All others are refused: a wrong prompt shows in nothing but worse answers.
 */
import { BitorchError, check, z } from '#base';
import { type Part, partSchema, type TokenizerJson } from './definition.ts';
import { GPT2, splitPart } from './pre-tokenizers.ts';

const NORMALIZERS = new Set('NFC NFD NFKC NFKD StripAccents Replace Prepend'.split(' '));
const BEHAVIOURS = new Set(['Isolated', 'isolated', 'MergedWithPrevious', 'mergedWithPrevious']);

/** Throws TOKENIZER_UNSUPPORTED for parts and options that are not known to agree, SCHEMA_INVALID for damage. */
export function demandKnownParts({ normalizer, pre_tokenizer, model }: TokenizerJson): void {
  for (const part of flatten(normalizer, 'normalizers'))
    if (!NORMALIZERS.has(part.type)) throw unsupported(`the normalizer ${part.type}`);
  const cuts = flatten(pre_tokenizer, 'pretokenizers');
  for (const part of cuts) demandKnownCut(part, cuts.length);
  if (model.dropout) throw unsupported('merges that are left out by chance (dropout)');
  if (model.continuing_subword_prefix || model.end_of_word_suffix)
    throw unsupported('marks at the ends of words (continuing_subword_prefix, end_of_word_suffix)');
  if (model.type === 'Unigram' && model.byte_fallback)
    throw unsupported('the model Unigram with byte_fallback');
}

function demandKnownCut(part: Part, parts: number): void {
  const { type } = part;
  const option = (name: string) => {
    throw unsupported(`the pre-tokenizer ${type} with ${name} ${JSON.stringify(part[name])}`);
  };
  switch (type) {
    case 'ByteLevel':
      // The original puts the space before each piece that others have cut.
      if (part.add_prefix_space && parts > 1) option('add_prefix_space');
      return;
    case 'Split':
      if (part.invert) option('invert');
      if (!BEHAVIOURS.has(String(part.behavior))) option('behavior');
      return;
    case 'Punctuation':
      if (part.behavior !== undefined && !/^isolated$/i.test(String(part.behavior))) option('behavior');
      return;
    case 'Metaspace':
      if (part.split !== false) option('split');
      return;
    case 'Digits':
      return;
    default:
      throw unsupported(`the pre-tokenizer ${type}`);
  }
}

function flatten(part: Part | null | undefined, list: 'normalizers' | 'pretokenizers'): Part[] {
  if (!part) return [];
  if (part.type !== 'Sequence') return [part];
  const parts = check(z.array(partSchema).max(64), part[list], `tokenizer.json: ${list}`);
  const nested = parts.find(({ type }) => type === 'Sequence');
  if (nested) throw unsupported('a sequence in a sequence');
  return parts;
}

function unsupported(what: string): BitorchError {
  const message = `tokenizer.json has ${what}: Bitorch is not known to cut texts as the original does there`;
  return new BitorchError('TOKENIZER_UNSUPPORTED', message);
}

/**
 * The same tokenizer with white space as Oniguruma has it: JavaScript's \\s takes U+FEFF in and leaves U+0085 out. The cut of
 * ByteLevel is written out for that.
 */
export function withUnicodeSpaces(json: TokenizerJson): TokenizerJson {
  const { normalizer, pre_tokenizer } = json;
  const cuts = flatten(pre_tokenizer, 'pretokenizers').flatMap((part) => {
    const { type, use_regex, add_prefix_space } = part;
    if (type !== 'ByteLevel' || use_regex === false || add_prefix_space !== false) return [spaced(part)];
    return [spaced(splitPart(GPT2)), { ...part, use_regex: false }];
  });
  const normalizers = flatten(normalizer, 'normalizers').map(spaced);
  return {
    ...json,
    ...(cuts.length > 0 && { pre_tokenizer: { type: 'Sequence', pretokenizers: cuts } }),
    ...(normalizers.length > 0 && { normalizer: { type: 'Sequence', normalizers } }),
  };
}

function spaced(part: Part): Part {
  const pattern = part.pattern as { Regex?: unknown } | undefined;
  if (typeof pattern?.Regex !== 'string') return part;
  const Regex = pattern.Regex.replace(/\\([\s\S])/g, (whole, letter) =>
    letter === 's' ? '\\p{White_Space}' : letter === 'S' ? '\\P{White_Space}' : whole,
  );
  return { ...part, pattern: { Regex } };
}

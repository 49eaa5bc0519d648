/** Tokenizers out of GGUF metadata (`tokenizer.ggml.*`, ggml/docs/gguf.md), as a tokenizer.json would say it. */
import { BitorchError, check, z } from '#base';
import type { GgufMetadata } from '#formats';
import {
  type AddedToken,
  invalidTokenizer,
  looksLikeControl,
  stopIdsOf,
  type TokenizerDefinition,
} from './definition.ts';
import { preTokenizerOf, preTokenizerPart } from './pre-tokenizers.ts';
import { mergesFromScores } from './score-merges.ts';

const id = z
  .number()
  .int()
  .min(0)
  .max(1 << 24)
  .optional();

const metadataSchema = z.object({
  model: z.string(),
  pre: z.string().default('default'),
  tokens: z.array(z.string()).min(1),
  token_type: z.array(z.number()).optional(),
  scores: z.array(z.number()).optional(),
  merges: z.array(z.string()).optional(),
  bos_token_id: id,
  eos_token_id: id,
  eot_token_id: id,
  eom_token_id: id,
  add_bos_token: z.boolean().optional(),
  add_space_prefix: z.boolean().optional(),
});
type Fields = z.infer<typeof metadataSchema>;

/** `token_type` values (llama.h, `llama_token_type`). */
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;
const SPACE = '▁';

/** Throws TOKENIZER_UNSUPPORTED for a kind of tokenizer that Bitorch does not know, SCHEMA_INVALID for damage. */
export function tokenizerFromGguf(metadata: GgufMetadata): TokenizerDefinition {
  const entries = [...metadata].filter(([key]) => key.startsWith('tokenizer.ggml.'));
  const named = Object.fromEntries(
    entries.map(([key, value]) => [key.slice('tokenizer.ggml.'.length), value]),
  );
  const fields = check(metadataSchema, named, 'tokenizer in the GGUF header');
  const ids = new Map(fields.tokens.map((token, index) => [token, index]));
  if (ids.size !== fields.tokens.length) throw invalidTokenizer('a token is there twice');
  const json = { added_tokens: addedTokens(fields), ...textParts(fields, ids) };
  const { bos_token_id, eos_token_id, eot_token_id, eom_token_id } = fields;
  return {
    json,
    addsBos: fields.add_bos_token ?? defaultAddsBos(fields),
    ...(bos_token_id !== undefined && { bos: bos_token_id }),
    ...(eos_token_id !== undefined && { eos: eos_token_id }),
    stopIds: stopIdsOf(json, [eos_token_id, eot_token_id, eom_token_id]),
  };
}

function addedTokens({ tokens, token_type = [] }: Fields): AddedToken[] {
  return tokens.flatMap((content, index) => {
    const type = token_type[index];
    const special = type === CONTROL || type === UNKNOWN || looksLikeControl(content);
    if (content === '' || !(special || type === USER_DEFINED)) return [];
    return { id: index, content, special, normalized: false };
  });
}

function textParts(fields: Fields, ids: ReadonlyMap<string, number>) {
  switch (fields.model) {
    case 'gpt2':
      return byteLevelParts(fields, ids);
    case 'llama':
      return sentencePieceParts(fields, ids);
    default:
      throw new BitorchError(
        'TOKENIZER_UNSUPPORTED',
        `the GGUF's tokenizer is of kind "${fields.model}": Bitorch knows gpt2 and llama`,
      );
  }
}

function defaultAddsBos({ model, pre }: Fields): boolean {
  return model === 'llama' || (preTokenizerOf(pre).addsBos ?? false);
}

function byteLevelParts({ pre, merges, add_space_prefix }: Fields, ids: ReadonlyMap<string, number>) {
  if (!merges) throw invalidTokenizer('tokenizer.ggml.merges is missing');
  const { patterns, ignoreMerges = false } = preTokenizerOf(pre);
  return {
    pre_tokenizer: preTokenizerPart(patterns, add_space_prefix ?? false),
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE' as const,
      vocab: Object.fromEntries(ids),
      merges: merges.map(splitMerge),
      ignore_merges: ignoreMerges,
    },
  };
}

/** "left right"; either side may hold spaces only where it begins with one, as llama.cpp reads it. */
function splitMerge(merge: string): [string, string] {
  const at = merge.indexOf(' ', 1);
  if (at < 0) throw invalidTokenizer(`merge ${JSON.stringify(merge.slice(0, 80))} is not two tokens`);
  return [merge.slice(0, at), merge.slice(at + 1)];
}

function sentencePieceParts(fields: Fields, ids: ReadonlyMap<string, number>) {
  const { tokens, scores, add_space_prefix = true } = fields;
  if (scores?.length !== tokens.length) throw invalidTokenizer('tokenizer.ggml.scores are missing');
  const replace = { type: 'Replace', pattern: { String: ' ' }, content: SPACE };
  const unknown = tokens[fields.token_type?.indexOf(UNKNOWN) ?? -1];
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: add_space_prefix ? [{ type: 'Prepend', prepend: SPACE }, replace] : [replace],
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: SPACE }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(add_space_prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE' as const,
      vocab: Object.fromEntries(ids),
      merges: mergesFromScores(tokens, scores, ids),
      byte_fallback: true,
      fuse_unk: true,
      ...(unknown !== undefined && { unk_token: unknown }),
    },
  };
}

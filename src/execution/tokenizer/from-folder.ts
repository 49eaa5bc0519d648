/** Tokenizers out of a Hugging Face folder: tokenizer.json and what the files beside it say about end tokens. */
import { check, z } from '#base';
import type { Json } from '#formats';
import {
  stopIdsOf,
  type TokenizerDefinition,
  type TokenizerJson,
  tokenizerJsonSchema,
} from './definition.ts';

/** The parsed files; only tokenizer.json must be there. */
export interface TokenizerFiles {
  'tokenizer.json': Json;
  'tokenizer_config.json'?: Json;
  'generation_config.json'?: Json;
  'config.json'?: Json;
}

const named = z.union([z.string(), z.object({ content: z.string() }).transform((token) => token.content)]);
const tokenizerConfigSchema = z.object({
  bos_token: named.nullish(),
  eos_token: named.nullish(),
  add_bos_token: z.boolean().nullish(),
});
const id = z.number().int().min(0);
const endsSchema = z.object({ eos_token_id: z.union([id, z.array(id)]).nullish() });

/** Throws SCHEMA_INVALID for files that are not what transformers writes. */
export function tokenizerFromFolder(files: TokenizerFiles): TokenizerDefinition {
  const json = check(tokenizerJsonSchema, files['tokenizer.json'], 'tokenizer.json');
  const config = check(tokenizerConfigSchema, files['tokenizer_config.json'] ?? {}, 'tokenizer_config.json');
  const bos = idOf(json, config.bos_token);
  const eos = idOf(json, config.eos_token);
  const ends = (['generation_config.json', 'config.json'] as const).flatMap(
    (name) => check(endsSchema, files[name] ?? {}, name).eos_token_id ?? [],
  );
  return {
    json,
    addsBos: bos !== undefined && (config.add_bos_token ?? postProcessorBegins(json, config.bos_token)),
    ...(bos !== undefined && { bos }),
    ...(eos !== undefined && { eos }),
    stopIds: stopIdsOf(json, [eos, ...ends]),
  };
}

function idOf({ added_tokens, model }: TokenizerJson, text: string | null | undefined): number | undefined {
  if (text == null) return undefined;
  const added = added_tokens.find((token) => token.content === text);
  if (added) return added.id;
  const { vocab } = model;
  const found = Array.isArray(vocab)
    ? vocab.findIndex((entry) => Array.isArray(entry) && entry[0] === text)
    : (vocab as Record<string, unknown>)[text];
  return typeof found === 'number' && found >= 0 ? found : undefined;
}

/** Whether the post-processor puts this token before a text (the template's first piece is it). */
function postProcessorBegins({ post_processor }: TokenizerJson, bos: string | null | undefined): boolean {
  const parts = post_processor?.type === 'Sequence' ? post_processor.processors : [post_processor];
  const templates = z
    .array(z.object({ single: z.array(z.object({ SpecialToken: z.object({ id: z.string() }).optional() })) }))
    .safeParse(Array.isArray(parts) ? parts.filter((part) => part?.type === 'TemplateProcessing') : []);
  return templates.success && templates.data.some(({ single }) => single[0]?.SpecialToken?.id === bos);
}

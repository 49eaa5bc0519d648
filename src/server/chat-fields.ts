/**
 * Unsupported fields of OpenAI, llama.cpp's server and vLLM that would change an answer, each with a test for values that have
 * no effect. A request with any other value is refused, naming the field. `null` never has an effect. Fields that are neither
 * here nor in the schema do not affect the answer and are ignored; docs/api.md lists all of them.
 */

type AsksNothing = (value: unknown) => boolean;

/** Matches any of the given values. */
const is =
  (...neutral: unknown[]): AsksNothing =>
  (value) =>
    neutral.includes(value);

/** Matches empty values: `[]`, `{}`, `''`, `false`. */
const empty: AsksNothing = (value) =>
  value === '' || value === false || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);

const never: AsksNothing = () => false;

/** Matches a response format of plain text, which every answer has. */
const textOnly: AsksNothing = (value) =>
  empty(value) || (value as { type?: unknown } | null)?.type === 'text' || value === 'text';

const UNSUPPORTED: Readonly<Record<string, AsksNothing>> = {
  // OpenAI
  tools: empty,
  tool_choice: is('none', 'auto'),
  functions: empty,
  function_call: is('none', 'auto'),
  response_format: textOnly,
  modalities: (value) => Array.isArray(value) && value.every((modality) => modality === 'text'),
  audio: never,
  web_search_options: never,
  moderation: empty,
  reasoning_effort: is('none', 'medium'),
  verbosity: is('medium'),
  // vLLM
  best_of: is(1),
  use_beam_search: is(false),
  length_penalty: is(0, 1),
  stop_token_ids: empty,
  include_stop_str_in_output: is(false),
  min_tokens: is(0),
  skip_special_tokens: is(true),
  spaces_between_special_tokens: is(true, false),
  truncate_prompt_tokens: is(-1),
  prompt_logprobs: is(0, false),
  logprob_token_ids: empty,
  allowed_token_ids: empty,
  bad_words: empty,
  watermarking: is(false),
  echo: is(false),
  add_generation_prompt: is(true),
  continue_final_message: is(false),
  add_special_tokens: is(false, true),
  documents: empty,
  chat_template: empty,
  chat_template_kwargs: empty,
  thinking_token_budget: is(0, -1),
  structured_outputs: empty,
  structural_tag: empty,
  guided_json: empty,
  guided_regex: empty,
  guided_choice: empty,
  guided_grammar: empty,
  return_token_ids: is(false),
  return_tokens_as_token_ids: is(false),
  return_prompt_text: is(false),
  logits_processors: empty,
  prompt_embeds: empty,
  repetition_detection: empty,
  // llama.cpp
  grammar: empty,
  json_schema: empty,
  dynatemp_range: is(0),
  typical_p: is(1),
  top_n_sigma: is(-1, 0),
  xtc_probability: is(0),
  dry_multiplier: is(0),
  mirostat: is(0),
  adaptive_target: is(-1),
  n_keep: is(0, -1),
  n_discard: is(0),
  n_indent: is(0),
  n_probs: is(0),
  post_sampling_probs: is(false),
  return_tokens: is(false),
  samplers: empty,
  lora: empty,
  ignore_eos: is(false),
  min_keep: is(0, 1),
  t_max_predict_ms: is(0, -1),
  penalize_nl: is(false),
  reasoning_format: is('none', 'auto'),
  // SGLang, Ollama, OpenRouter and other servers with OpenAI's API
  regex: empty,
  ebnf: empty,
  stop_regex: empty,
  no_stop_trim: is(false),
  lora_path: empty,
  format: empty,
  think: is(false),
  reasoning: empty,
  options: empty,
  top_a: is(0),
  tfs_z: is(1),
  tfs: is(1),
  no_repeat_ngram_size: is(0),
  penalty_alpha: is(0),
  num_beams: is(1),
  plugins: empty,
  transforms: empty,
  prompt: empty,
  suffix: empty,
};

/** Names of all unsupported fields. */
export const REFUSED_FIELDS: readonly string[] = Object.keys(UNSUPPORTED);

/** The first unsupported field of a request whose value would have an effect; undefined when there is none. */
export const unsupportedField = (request: Readonly<Record<string, unknown>>): string | undefined =>
  REFUSED_FIELDS.find((field) => request[field] != null && !UNSUPPORTED[field]!(request[field]));

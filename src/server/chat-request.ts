/** OpenAI's chat completion request, with the fields that llama.cpp's server and vLLM add to it. */
import { BitorchError, z } from '#base';
import type { ChatRequest } from '#node';
import { unsupportedField } from './chat-fields.ts';
import { chatMessages, zMessages } from './chat-message.ts';

const MAX_TOKENS = 1_000_000;
const MAX_CHOICES = 16;
const MAX_TOP_LOGPROBS = 20;
const MAX_STOPS = 256;
const MAX_BIASES = 1024;
/** Bound of a logit bias in OpenAI's API and vLLM. */
const MAX_BIAS = 100;
/** llama.cpp's default window of `repeat_penalty`, in tokens. */
const REPEAT_LAST_N = 64;

/** A whole number of any size: clients send the largest of their types for "no limit". */
const zWhole = z.number().refine(Number.isInteger, 'must be a whole number');
/** −1 means no limit but the context. */
const zTokens = zWhole.refine((n) => n >= 1 || n === -1, 'must be at least 1').nullish();
const zPenalty = z.number().min(-2).max(2).nullish();
const zId = z.string().regex(/^\d{1,10}$/, 'must be a token id');
const zBias = z.number().min(-MAX_BIAS).max(MAX_BIAS);
/** OpenAI's object by token id, or llama.cpp's list of pairs, where `false` bans a token. */
const zLogitBias = z.union([
  z
    .record(zId, zBias)
    .refine((bias) => Object.keys(bias).length <= MAX_BIASES, `must have at most ${MAX_BIASES} members`),
  z.array(z.tuple([z.number().int().min(0), z.union([zBias, z.literal(false)])])).max(MAX_BIASES),
]);

export const zCompletionRequest = z.looseObject({
  model: z.string().max(256).nullish(),
  messages: zMessages,
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.number().int().min(1).max(MAX_CHOICES).nullish(),
  max_tokens: zTokens,
  max_completion_tokens: zTokens,
  n_predict: zTokens,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: zWhole.refine((k) => k >= -1, 'must be at least -1').nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  repetition_penalty: z.number().gt(0).max(10).nullish(),
  repeat_penalty: z.number().gt(0).max(10).nullish(),
  repeat_last_n: zWhole.refine((n) => n >= -1, 'must be at least -1').nullish(),
  presence_penalty: zPenalty,
  frequency_penalty: zPenalty,
  logit_bias: zLogitBias.nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.number().int().min(0).max(MAX_TOP_LOGPROBS).nullish(),
  seed: zWhole.nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(MAX_STOPS)]).nullish(),
});

export type CompletionRequest = z.infer<typeof zCompletionRequest>;

/** The supported fields of a request. */
export const SUPPORTED_FIELDS: readonly string[] = Object.keys(zCompletionRequest.shape);

/**
 * Converts an OpenAI request to the node's request. Throws UNSUPPORTED_PARAMETER, naming the field, when the answer would
 * silently lack something that was requested.
 */
export function toChatRequest(request: CompletionRequest): ChatRequest {
  const refused = unsupportedField(request);
  if (refused !== undefined) throw refuse(refused, `"${refused}" is not supported; leave it out`);
  if (request.top_logprobs && !request.logprobs)
    throw refuse('top_logprobs', '"top_logprobs" takes effect only with "logprobs": true');
  const { top_p, temperature, min_p, presence_penalty, frequency_penalty } = request;
  return {
    messages: chatMessages(request.messages),
    ...given({
      model: request.model || undefined,
      maxTokens: maxTokens(request),
      temperature,
      topP: top_p,
      topK: request.top_k == null || request.top_k < 1 ? undefined : Math.min(request.top_k, MAX_TOKENS),
      minP: min_p || undefined,
      ...repetition(request),
      presencePenalty: presence_penalty || undefined,
      frequencyPenalty: frequency_penalty || undefined,
      logitBias: logitBias(request.logit_bias),
      seed: seedOf(request.seed),
      stop: stopsOf(request.stop),
      logprobs: request.logprobs ? (request.top_logprobs ?? 0) : undefined,
    }),
  };
}

const refuse = (param: string, message: string): BitorchError =>
  new BitorchError('UNSUPPORTED_PARAMETER', message, { param });

function maxTokens(request: CompletionRequest): number | undefined {
  const asked = request.max_completion_tokens ?? request.max_tokens ?? request.n_predict;
  if (asked == null) return undefined;
  return asked === -1 ? MAX_TOKENS : Math.min(asked, MAX_TOKENS);
}

/** vLLM's penalty looks back over everything, llama.cpp's over the last tokens only. */
function repetition(request: CompletionRequest): Pick<ChatRequest, 'repetitionPenalty' | 'repetitionWindow'> {
  const { repetition_penalty, repeat_penalty, repeat_last_n } = request;
  const repetitionPenalty = repetition_penalty ?? repeat_penalty ?? 1;
  if (repetitionPenalty === 1) return {};
  const window = repeat_last_n ?? (repetition_penalty == null ? REPEAT_LAST_N : -1);
  return { repetitionPenalty, ...(window >= 0 && { repetitionWindow: Math.min(window, MAX_TOKENS) }) };
}

function logitBias(bias: CompletionRequest['logit_bias']): ChatRequest['logitBias'] {
  const pairs = Array.isArray(bias)
    ? bias.map(([id, value]): [number, number | null] => [id, value === false ? null : value])
    : Object.entries(bias ?? {}).map(([id, value]): [number, number] => [Number(id), value]);
  return pairs.length > 0 ? pairs : undefined;
}

/** Folds a 64-bit seed to the 53 bits that a double holds exactly; −1 means a random seed. */
function seedOf(seed: number | null | undefined): number | undefined {
  if (seed == null || seed === -1) return undefined;
  return Number.isSafeInteger(seed) ? seed : Number(BigInt.asUintN(53, BigInt(seed)));
}

function stopsOf(stop: CompletionRequest['stop']): string[] | undefined {
  const stops = (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => text !== '');
  return stops.length > 0 ? stops : undefined;
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], null | undefined> };

/** Drops fields that are null or undefined. */
const given = <T extends object>(fields: T): Given<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value != null)) as Given<T>;

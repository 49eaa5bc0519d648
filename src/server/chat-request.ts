/** OpenAI's chat completion request, and what of it means something to this network. */
import { BitorchError, z } from '#base';
import type { ChatMessage, ChatRequest } from '#node';
import { MAX_BODY_BYTES, MAX_MESSAGES } from './constants.ts';

const zText = z.string().max(MAX_BODY_BYTES);
const zContent = z.union([
  zText,
  z
    .array(z.object({ type: z.literal('text', 'only text content is supported'), text: zText }))
    .max(MAX_MESSAGES),
]);

const zMessage = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant'], 'must be system, developer, user or assistant'),
  content: zContent,
});

const zTokens = z.number().int().min(1).max(1_000_000).nullish();

/** Fields that would change the answer if they were honoured; refused unless they ask for nothing. */
const REFUSED = {
  n: z.number().int().nullish(),
  tools: z.array(z.unknown()).nullish(),
  tool_choice: z.unknown().optional(),
  functions: z.array(z.unknown()).nullish(),
  response_format: z.looseObject({ type: z.string() }).nullish(),
  logprobs: z.boolean().nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  presence_penalty: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
  modalities: z.array(z.string()).nullish(),
  audio: z.unknown().optional(),
  web_search_options: z.unknown().optional(),
};

/** Fields that are not named here have no bearing on the answer (user, metadata, store, …) and are ignored. */
export const zCompletionRequest = z.object({
  model: z.string().min(1).max(256).nullish(),
  messages: z.array(zMessage).min(1).max(MAX_MESSAGES),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: zTokens,
  max_completion_tokens: zTokens,
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  top_k: z.number().int().min(1).max(1_000_000).nullish(),
  seed: z.number().int().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER).nullish(),
  stop: z.union([z.string().min(1).max(256), z.array(z.string().min(1).max(256)).max(16)]).nullish(),
  ...REFUSED,
});

export type CompletionRequest = z.infer<typeof zCompletionRequest>;

/** Whether a refused field asks for nothing: what a request without it means. */
const ASKS_NOTHING: { [Field in keyof typeof REFUSED]: (request: CompletionRequest) => boolean } = {
  n: ({ n }) => (n ?? 1) === 1,
  tools: ({ tools }) => !tools?.length,
  tool_choice: ({ tool_choice: choice }) => choice == null || choice === 'none' || choice === 'auto',
  functions: ({ functions }) => !functions?.length,
  response_format: ({ response_format: format }) => (format?.type ?? 'text') === 'text',
  logprobs: ({ logprobs }) => !logprobs,
  logit_bias: ({ logit_bias: bias }) => Object.keys(bias ?? {}).length === 0,
  presence_penalty: ({ presence_penalty: penalty }) => !penalty,
  frequency_penalty: ({ frequency_penalty: penalty }) => !penalty,
  modalities: ({ modalities }) => modalities?.every((modality) => modality === 'text') ?? true,
  audio: ({ audio }) => audio == null,
  web_search_options: ({ web_search_options: options }) => options == null,
};

/**
 * The node's request for an OpenAI request. Throws BitorchError `UNSUPPORTED_PARAMETER` naming the field when it
 * asks for something that would silently be missing from the answer.
 */
export function toChatRequest(request: CompletionRequest): ChatRequest {
  for (const [param, asksNothing] of Object.entries(ASKS_NOTHING)) {
    if (asksNothing(request)) continue;
    throw new BitorchError('UNSUPPORTED_PARAMETER', `"${param}" is not supported; leave it out`, { param });
  }
  const { stop } = request;
  return {
    messages: request.messages.map(toMessage),
    ...present('model', request.model),
    ...present('maxTokens', request.max_completion_tokens ?? request.max_tokens),
    ...present('temperature', request.temperature),
    ...present('topP', request.top_p),
    ...present('topK', request.top_k),
    ...present('seed', request.seed),
    ...present('stop', typeof stop === 'string' ? [stop] : stop),
  };
}

function toMessage({ role, content }: z.infer<typeof zMessage>): ChatMessage {
  return {
    role: role === 'developer' ? 'system' : role,
    content: typeof content === 'string' ? content : content.map((part) => part.text).join(''),
  };
}

function present<Key extends keyof ChatRequest>(
  key: Key,
  value: ChatRequest[Key] | null | undefined,
): Pick<ChatRequest, Key> | Record<never, never> {
  return value == null ? {} : ({ [key]: value } as Pick<ChatRequest, Key>);
}

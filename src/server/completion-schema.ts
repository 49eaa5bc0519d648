/** The responses of OpenAI's API, with what Bitorch adds to them under `bitorch`. */
import { z } from '#base';
import { zAudit, zHop, zModel, zProgress } from '#node/api';

const zLogprob = z.strictObject({ token: z.string(), logprob: z.number(), bytes: z.array(z.number()) });

const zLogprobs = z.strictObject({
  content: z.array(zLogprob.extend({ top_logprobs: z.array(zLogprob) })),
  refusal: z.null(),
});

const zUsage = z.strictObject({
  prompt_tokens: z.number(),
  completion_tokens: z.number(),
  total_tokens: z.number(),
});

export type Logprobs = z.infer<typeof zLogprobs>;
export type Usage = z.infer<typeof zUsage>;

/** What is known of an answer when it is complete. */
const zReport = z.strictObject({
  answerId: z.string(),
  tokens_per_second: z.number(),
  time_to_first_token_ms: z.number(),
  route: z.array(zHop),
  /** Why the answer ended, when OpenAI has no finish_reason for it. */
  ended: z.literal('repetition').exactOptional(),
  audit: zAudit.exactOptional(),
});
export type Report = z.infer<typeof zReport>;

const envelope = { id: z.string(), created: z.number(), model: z.string() };
const choice = { index: z.number(), logprobs: zLogprobs.nullable() };
const zFinish = z.enum(['stop', 'length']);

/** A whole answer, or several. */
export const zCompletion = z.strictObject({
  ...envelope,
  object: z.literal('chat.completion'),
  choices: z.array(
    z.strictObject({
      ...choice,
      message: z.strictObject({ role: z.literal('assistant'), content: z.string(), refusal: z.null() }),
      finish_reason: zFinish,
    }),
  ),
  usage: zUsage,
  bitorch: zReport.extend({ hops: z.array(zHop) }),
});
export type WholeCompletion = z.infer<typeof zCompletion>;

/** One chunk of a streamed answer. */
export const zCompletionChunk = z.strictObject({
  ...envelope,
  object: z.literal('chat.completion.chunk'),
  choices: z.array(
    z.strictObject({
      ...choice,
      delta: z.strictObject({
        role: z.literal('assistant').exactOptional(),
        content: z.string().exactOptional(),
      }),
      finish_reason: zFinish.nullable(),
    }),
  ),
  usage: zUsage.exactOptional(),
  bitorch: z
    .union([
      z.strictObject({ answerId: z.string(), hops: z.array(zHop), context: z.number() }),
      z.strictObject({ prefill: zProgress }),
      zReport,
    ])
    .exactOptional(),
});
export type CompletionChunk = z.infer<typeof zCompletionChunk>;

export const zOpenAiModel = z.strictObject({
  id: z.string(),
  object: z.literal('model'),
  created: z.number(),
  owned_by: z.string(),
  bitorch: zModel,
});
export type OpenAiModel = z.infer<typeof zOpenAiModel>;

export const zOpenAiModels = z.strictObject({ object: z.literal('list'), data: z.array(zOpenAiModel) });

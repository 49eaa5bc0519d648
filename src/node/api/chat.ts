/** Chats, their answers, and the audits of these. */
import { z } from '#base';
import { zNodeName, zProgress } from './fields.ts';

const zChatMessage = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string(),
});
export type ChatMessage = z.infer<typeof zChatMessage>;

const zChatRequest = z.strictObject({
  /** Model id or name; the node's only model when absent. */
  model: z.string().exactOptional(),
  messages: z.array(zChatMessage),
  /** Maximum tokens to generate; 1,024 when absent. */
  maxTokens: z.number().exactOptional(),
  /** 0 = greedy. */
  temperature: z.number().exactOptional(),
  topK: z.number().exactOptional(),
  /** 0 … 1; 0 keeps the likeliest token only. */
  topP: z.number().exactOptional(),
  /** 0 … 1 of the likeliest token's probability. */
  minP: z.number().exactOptional(),
  /** Added to the logits of these token ids; `null` bans a token. */
  logitBias: z.array(z.tuple([z.number(), z.number().nullable()]).readonly()).exactOptional(),
  /** Applies to prompt and answer, or to the last `repetitionWindow` tokens of both; 1 has no effect. */
  repetitionPenalty: z.number().exactOptional(),
  repetitionWindow: z.number().exactOptional(),
  /** As in OpenAI's API; apply to the answer. */
  frequencyPenalty: z.number().exactOptional(),
  presencePenalty: z.number().exactOptional(),
  seed: z.number().exactOptional(),
  stop: z.array(z.string()).exactOptional(),
  /** Whether a conversation without a system message gets that of the node; so when absent. */
  addSystem: z.boolean().exactOptional(),
  /** How the answer to the last message begins; only what follows is generated. */
  continued: z.string().exactOptional(),
  /** Number of likeliest tokens to return at each position; no probabilities when absent. */
  logprobs: z.number().exactOptional(),
});
export type ChatRequest = z.infer<typeof zChatRequest>;

/** A token and its probability under the model, before sampling options are applied. */
const zTokenLogprob = z.strictObject({
  text: z.string(),
  /** UTF-8 bytes of the token; `text` has U+FFFD for incomplete characters. */
  bytes: z.array(z.number()),
  /** Natural logarithm. */
  logprob: z.number(),
});
export type TokenLogprob = z.infer<typeof zTokenLogprob>;

const zChosenToken = zTokenLogprob.extend({ likeliest: z.array(zTokenLogprob) });
export type ChosenTokenView = z.infer<typeof zChosenToken>;

/** One stage of the route that an answer takes. */
export const zHop = z.strictObject({
  nodeId: z.string(),
  name: z.string(),
  /** Blocks [first, end). */
  first: z.number(),
  end: z.number(),
});
export type Hop = z.infer<typeof zHop>;

export const zAudit = z.strictObject({
  answerId: z.string(),
  /** `pending` becomes one of the others. `unavailable`: no auditor could re-execute the chunk. */
  state: z.enum(['pending', 'passed', 'failed', 'unavailable']),
  /** The stage that was audited and the node that re-executed it. */
  stage: zHop.exactOptional(),
  auditor: zNodeName.exactOptional(),
  /** Positions [from, to) of the audited chunk. */
  from: z.number().exactOptional(),
  to: z.number().exactOptional(),
  /** Hash that the stage signed and hash that the auditor computed, hexadecimal. */
  signed: z.string().exactOptional(),
  recomputed: z.string().exactOptional(),
  /** One sentence for display. */
  summary: z.string(),
});
export type AuditResult = z.infer<typeof zAudit>;

/** `repetition`: the answer was cut off because it kept repeating itself. */
export const zFinishReason = z.enum(['stop', 'length', 'repetition', 'cancelled']);
export type FinishReason = z.infer<typeof zFinishReason>;

/** Where an answer stands in the queue of a computer that is busy. */
export const zQueued = z.strictObject({
  node: zNodeName,
  /** 1: it is next. */
  position: z.number(),
  /** Time until its turn in ms; null while nobody knows. */
  estimateMs: z.number().nullable(),
});
export type Queued = z.infer<typeof zQueued>;

/** Events of one answer, in this order: queued*, route, prefill*, token*, done. An error may be thrown at any point. */
const zChatEvent = z.discriminatedUnion('type', [
  zQueued.extend({ type: z.literal('queued') }),
  z.strictObject({
    type: z.literal('route'),
    answerId: z.string(),
    model: z.string(),
    hops: z.array(zHop),
    /** Tokens that the session can hold. */
    context: z.number(),
  }),
  zProgress.extend({ type: z.literal('prefill') }),
  z.strictObject({
    type: z.literal('token'),
    text: z.string(),
    /** The tokens since the previous event, if probabilities were requested. */
    chosen: z.array(zChosenToken).exactOptional(),
  }),
  z.strictObject({
    type: z.literal('done'),
    reason: zFinishReason,
    promptTokens: z.number(),
    completionTokens: z.number(),
    timeToFirstTokenMs: z.number(),
    tokensPerSecond: z.number(),
  }),
]);
export type ChatEvent = z.infer<typeof zChatEvent>;

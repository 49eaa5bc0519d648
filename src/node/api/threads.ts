/** The conversations that the node keeps for its page. */
import { z } from '#base';
import { zAudit, zFinishReason, zHop, zQueued } from './chat.ts';
import { zProgress, zTime } from './fields.ts';

const MAX_SYSTEM = 4096;
const MAX_TITLE = 200;
/** Most tokens of one answer. */
const MAX_LENGTH = 32_768;

const zThreadSettings = z.strictObject({
  /** Id of the model; the node's first when absent. */
  model: z.string().max(256).exactOptional(),
  /** Instruction that the model reads before the conversation; none when empty. */
  system: z.string().max(MAX_SYSTEM),
  /** 0 = greedy. */
  temperature: z.number().min(0).max(2),
  /** Most tokens of an answer. */
  maxTokens: z.number().int().min(1).max(MAX_LENGTH),
});
export type ThreadSettings = z.infer<typeof zThreadSettings>;
/** Settings of a new conversation; the defaults where absent. */
export const zPartialSettings = z.strictObject({
  model: z.string().max(256).exactOptional(),
  system: z.string().max(MAX_SYSTEM).exactOptional(),
  temperature: zThreadSettings.shape.temperature.exactOptional(),
  maxTokens: zThreadSettings.shape.maxTokens.exactOptional(),
});
export type PartialSettings = z.infer<typeof zPartialSettings>;

/** `failed` and `stopped` answers keep their text and can be continued. */
const zThreadAnswer = z.strictObject({
  state: z.enum(['running', 'done', 'stopped', 'failed']),
  text: z.string(),
  /** The answer's id for its audit; absent until there is a route. */
  answerId: z.string().exactOptional(),
  hops: z.array(zHop),
  /** Tokens that the session can hold. */
  context: z.number().exactOptional(),
  stats: z
    .strictObject({
      reason: zFinishReason,
      promptTokens: z.number(),
      completionTokens: z.number(),
      timeToFirstTokenMs: z.number(),
      tokensPerSecond: z.number(),
    })
    .exactOptional(),
  error: z.strictObject({ code: z.string(), message: z.string() }).exactOptional(),
  /** The settled audit. */
  audit: zAudit.exactOptional(),
});
export type ThreadAnswer = z.infer<typeof zThreadAnswer>;

/** A question and its answer. Turns with the same parent are versions of each other. */
export const zTurn = z.strictObject({
  id: z.string(),
  /** The turn before it; null for the first. */
  parent: z.string().nullable(),
  prompt: z.string(),
  time: zTime,
  answer: zThreadAnswer,
});
export type Turn = z.infer<typeof zTurn>;

export const zThread = z.strictObject({
  id: z.string(),
  title: z.string(),
  created: zTime,
  updated: zTime,
  settings: zThreadSettings,
  /** In the order in which they were asked. */
  turns: z.array(zTurn),
  /** The last turn of the version that is shown; null when there is no turn. */
  leaf: z.string().nullable(),
});
export type Thread = z.infer<typeof zThread>;

const zThreadSummary = z.strictObject({
  id: z.string(),
  title: z.string(),
  updated: zTime,
  turns: z.number(),
  /** Whether an answer is being written. */
  running: z.boolean(),
  /** Text around the place that a search found; absent when only the title was found. */
  found: z.string().exactOptional(),
});
export type ThreadSummary = z.infer<typeof zThreadSummary>;

export const zThreadList = z.strictObject({
  threads: z.array(zThreadSummary),
  /** Settings of a new conversation. */
  defaults: zThreadSettings,
});
export type ThreadList = z.infer<typeof zThreadList>;

/** Events of one answer as they are followed. Text is at a UTF-16 offset of the whole answer. */
export const zFollowEvent = z.discriminatedUnion('type', [
  zQueued.extend({ type: z.literal('queued') }),
  z.strictObject({
    type: z.literal('route'),
    answerId: z.string(),
    hops: z.array(zHop),
    context: z.number(),
  }),
  zProgress.extend({ type: z.literal('prefill') }),
  z.strictObject({ type: z.literal('text'), at: z.number(), text: z.string() }),
  z.strictObject({ type: z.literal('end'), turn: zTurn }),
]);
export type FollowEvent = z.infer<typeof zFollowEvent>;

const zId = z.string().regex(/^[0-9a-f-]{36}$/, 'must be the id of a conversation or a turn');

/** Longest question, in UTF-16 units. */
const MAX_PROMPT = 256 * 1024;

export const zThreadId = z.object({ id: zId });
export const zTurnId = z.object({ id: zId, turn: zId });
export const zThreadSearch = z.object({ search: z.string().max(200).optional() });
export const zFollowFrom = z.object({ from: z.coerce.number().int().min(0).default(0) });
export const zQuestion = z.strictObject({
  prompt: z.string().min(1).max(MAX_PROMPT),
  parent: zId.nullable(),
});
export type Question = z.infer<typeof zQuestion>;
export const zThreadChange = z.strictObject({
  title: z.string().max(MAX_TITLE).exactOptional(),
  settings: zThreadSettings.exactOptional(),
  /** The turn whose version is shown from now on. */
  leaf: zId.exactOptional(),
});
export type ThreadChange = z.infer<typeof zThreadChange>;

export interface ThreadsApi {
  /** Settings of a new conversation. */
  readonly defaults: ThreadSettings;
  /** Newest first. With `search`, those whose title or text contains it. */
  list(search?: string): Promise<ThreadSummary[]>;
  /** Throws THREAD_UNKNOWN. */
  get(id: string): Promise<Thread>;
  /** Throws THREADS_FULL. */
  create(settings?: PartialSettings): Promise<Thread>;
  change(id: string, change: ThreadChange): Promise<Thread>;
  /** Deletes a conversation; `restore` brings it back for a minute. */
  remove(id: string): Promise<void>;
  restore(id: string): Promise<Thread>;
  /** A new conversation with the turns up to this one. */
  branch(id: string, turn: string): Promise<Thread>;
  /**
   * Asks a question after `parent`, and begins to answer. Returns at once; see `follow`. Throws ANSWER_RUNNING,
   * ANSWERS_TOO_MANY or THREAD_FULL.
   */
  ask(id: string, question: Question): Promise<Turn>;
  /** Continues an answer that was stopped or has failed. */
  resume(id: string, turn: string): Promise<Turn>;
  /** Ends an answer, if it is still being written. */
  stopAnswer(id: string, turn: string): Promise<Turn>;
  /** Yields the answer's text from `from` on, then what is added, until the answer or `signal` ends it. */
  follow(id: string, turn: string, from: number, signal: AbortSignal): Promise<AsyncIterable<FollowEvent>>;
}

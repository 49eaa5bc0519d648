import type { AuditResult, ChatMessage, Hop } from '../../src/node/api/node-api.ts';
import { ApiError, refusal } from './call.ts';
import { sseData } from './sse.ts';

/** An event of a streamed answer. */
export type AnswerEvent =
  | { type: 'route'; answerId: string; hops: Hop[] }
  | { type: 'prefill'; done: number; total: number }
  | { type: 'text'; text: string }
  | { type: 'end'; stats: AnswerStats; audit: AuditResult | undefined };

export interface AnswerStats {
  reason: 'stop' | 'length' | 'repetition';
  tokensPerSecond: number;
  timeToFirstTokenMs: number;
  completionTokens: number;
}

export interface Ask {
  model: string;
  messages: ChatMessage[];
  temperature: number;
}

interface Chunk {
  choices: { delta: { content?: string }; finish_reason: 'stop' | 'length' | null }[];
  usage?: { completion_tokens: number };
  error?: { code: string; message: string };
  bitorch?: {
    answerId?: string;
    hops?: Hop[];
    prefill?: { done: number; total: number };
    tokens_per_second?: number;
    time_to_first_token_ms?: number;
    ended?: 'repetition';
    audit?: AuditResult;
  };
}

/** Sends the conversation and yields the answer as it arrives. Throws ApiError; an aborted signal throws its reason. */
export async function* streamAnswer(ask: Ask, signal: AbortSignal): AsyncGenerator<AnswerEvent> {
  const response = await fetch('/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...ask, stream: true, stream_options: { include_usage: true } }),
    signal,
  }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new ApiError('OFFLINE', 'Your node does not answer. Is it still running?');
  });
  if (!response.ok || !response.body) throw await refusal(response);
  yield* answerEvents(response.body, signal);
}

/** Joins the last two chunks (report, then usage) into one `end` event; the answer is complete only with both. */
async function* answerEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): AsyncGenerator<AnswerEvent> {
  let last: Chunk | undefined;
  for await (const data of sseData(body)) {
    if (data === '[DONE]') break;
    const chunk = JSON.parse(data) as Chunk;
    if (chunk.error) throw new ApiError(chunk.error.code, chunk.error.message);
    if (chunk.choices[0]?.finish_reason) last = chunk;
    else if (chunk.usage && last) yield endOf(last, chunk.usage.completion_tokens);
    else yield* eventsOf(chunk);
  }
  signal.throwIfAborted();
  if (!last)
    throw new ApiError('OFFLINE', 'The connection to your node was lost before the answer was complete.');
}

function* eventsOf({ choices, bitorch }: Chunk): Generator<AnswerEvent> {
  if (bitorch?.answerId && bitorch.hops) {
    yield { type: 'route', answerId: bitorch.answerId, hops: bitorch.hops };
  }
  if (bitorch?.prefill) yield { type: 'prefill', ...bitorch.prefill };
  const text = choices[0]?.delta.content;
  if (text) yield { type: 'text', text };
}

function endOf({ choices, bitorch }: Chunk, completionTokens: number): AnswerEvent {
  const stats = {
    reason: bitorch?.ended ?? choices[0]?.finish_reason ?? 'stop',
    tokensPerSecond: bitorch?.tokens_per_second ?? 0,
    timeToFirstTokenMs: bitorch?.time_to_first_token_ms ?? 0,
    completionTokens,
  };
  return { type: 'end', stats, audit: bitorch?.audit };
}

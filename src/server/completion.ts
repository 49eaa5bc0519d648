/** An answer of the node in OpenAI's words: chunks of a stream, or one completion. */
import { BitorchError } from '#base';
import type { AuditResult, ChatEvent, Hop, NodeApi } from '#node';
import { errorBody } from './errors.ts';
import { sseData } from './sse.ts';

type Route = Extract<ChatEvent, { type: 'route' }>;
type Done = Extract<ChatEvent, { type: 'done' }>;

/** Bitorch's own facts beside OpenAI's fields; clients that do not know them ignore them. */
interface Report {
  answerId: string;
  tokens_per_second: number;
  time_to_first_token_ms: number;
  route: Hop[];
  /** Why the answer ended, where OpenAI has no word for it. */
  ended?: 'repetition';
  audit?: AuditResult;
}

const STREAM_END = 'data: [DONE]\n\n';

/** An answer that has begun: its route is known, its text is still to come. */
export interface BegunAnswer {
  route: Route;
  rest: AsyncIterable<ChatEvent>;
  /** Seconds since epoch. */
  created: number;
}

/** Waits for the route, so that what fails before it becomes an HTTP status and not a broken stream. */
export async function begin(events: AsyncIterable<ChatEvent>): Promise<BegunAnswer> {
  const iterator = events[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done || first.value.type !== 'route') {
    throw unfinished();
  }
  const rest = { [Symbol.asyncIterator]: () => iterator };
  return { route: first.value, rest, created: Math.floor(Date.now() / 1000) };
}

/** The events of a streamed answer, from the first chunk to `[DONE]`; an error on the way is its last chunk. */
export async function* streamCompletion(
  answer: BegunAnswer,
  node: NodeApi,
  includeUsage: boolean,
): AsyncGenerator<string> {
  const { answerId, hops } = answer.route;
  try {
    yield chunk(answer, { role: 'assistant', content: '' }, { bitorch: { answerId, hops } });
    for await (const event of answer.rest) {
      if (event.type === 'token') yield chunk(answer, { content: event.text });
      if (event.type === 'prefill') {
        yield chunk(answer, {}, { bitorch: { prefill: { done: event.done, total: event.total } } });
      }
      if (event.type !== 'done') continue;
      yield* lastChunks(answer, event, node, includeUsage);
      return;
    }
    throw unfinished();
  } catch (error) {
    yield sseData(errorBody(error));
    yield STREAM_END;
  }
}

function* lastChunks(
  answer: BegunAnswer,
  done: Done,
  node: NodeApi,
  includeUsage: boolean,
): Generator<string> {
  const bitorch = report(answer.route, done, node);
  yield chunk(answer, {}, { finish_reason: finishReason(done), bitorch });
  if (includeUsage) yield sseData({ ...envelope(answer), choices: [], usage: usage(done) });
  yield STREAM_END;
}

/** The whole answer as one `chat.completion` object. */
export async function wholeCompletion(answer: BegunAnswer, node: NodeApi): Promise<object> {
  let content = '';
  for await (const event of answer.rest) {
    if (event.type === 'token') content += event.text;
    if (event.type !== 'done') continue;
    const message = { role: 'assistant', content, refusal: null };
    const choice = { index: 0, message, logprobs: null, finish_reason: finishReason(event) };
    const bitorch = { ...report(answer.route, event, node), hops: answer.route.hops };
    return {
      ...envelope(answer),
      object: 'chat.completion',
      choices: [choice],
      usage: usage(event),
      bitorch,
    };
  }
  throw unfinished();
}

function chunk(
  answer: BegunAnswer,
  delta: { role?: string; content?: string },
  extra: { finish_reason?: string; bitorch?: object } = {},
): string {
  const { finish_reason = null, ...rest } = extra;
  return sseData({
    ...envelope(answer),
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...rest,
  });
}

const envelope = ({ route, created }: BegunAnswer) => ({
  id: `chatcmpl-${route.answerId}`,
  object: 'chat.completion.chunk',
  created,
  model: route.model,
});

/** The node ends an answer without its last event when it was cancelled: by the client, or by the node's own stop. */
const unfinished = () => new BitorchError('CANCELLED', 'the answer was cancelled before its end; ask again');

/**
 * OpenAI has no word for a cancelled answer, and calling it finished would be untrue. One that went round in a circle was
 * cut off, like one that became too long.
 */
function finishReason({ reason }: Done): 'stop' | 'length' {
  if (reason === 'cancelled') throw unfinished();
  return reason === 'repetition' ? 'length' : reason;
}

const usage = (done: Done) => ({
  prompt_tokens: done.promptTokens,
  completion_tokens: done.completionTokens,
  total_tokens: done.promptTokens + done.completionTokens,
});

function report(route: Route, done: Done, node: NodeApi): Report {
  const audit = node.audit(route.answerId);
  return {
    answerId: route.answerId,
    tokens_per_second: done.tokensPerSecond,
    time_to_first_token_ms: done.timeToFirstTokenMs,
    route: route.hops,
    ...(done.reason === 'repetition' && { ended: done.reason }),
    ...(audit && { audit }),
  };
}

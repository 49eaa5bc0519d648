/** Converts the node's answers to OpenAI's format: chunks of a stream, or one completion. */
import { BitorchError } from '#base';
import type { ChatEvent, ChatRequest, ChosenTokenView, NodeApi, TokenLogprob } from '#node';
import type { CompletionChunk, Logprobs, Report, Usage, WholeCompletion } from './completion-schema.ts';
import { errorBody } from './errors.ts';
import { sseData } from './sse.ts';

type Route = Extract<ChatEvent, { type: 'route' }>;
type Done = Extract<ChatEvent, { type: 'done' }>;

const STREAM_END = 'data: [DONE]\n\n';

/** An answer whose route is known and whose text is still to come. */
interface BegunAnswer {
  route: Route;
  rest: AsyncIterable<ChatEvent>;
}

/** The answers to one request. The first has started; each of the others starts when the previous one is complete. */
export interface Completion {
  readonly first: BegunAnswer;
  readonly others: AsyncIterable<BegunAnswer>;
  /** The common fields of every chunk, or of the whole completion. */
  readonly envelope: { id: string; created: number; model: string };
}

/**
 * Starts `count` answers to a request and waits for the first route, so that an early failure becomes an HTTP status rather
 * than a broken stream. Given a seed, each answer gets its own seed derived from it.
 */
export async function begin(
  node: NodeApi,
  request: ChatRequest,
  count: number,
  signal: AbortSignal,
): Promise<Completion> {
  const answer = (index: number) => {
    const { seed } = request;
    // Counts towards 0, so that the seed stays exact in a double.
    const own = seed !== undefined && { seed: seed > 0 ? seed - index : seed + index };
    return beginOne(node.chat({ ...request, ...own }, signal));
  };
  const first = await answer(0);
  async function* others(): AsyncGenerator<BegunAnswer> {
    for (let index = 1; index < count; index++) yield await answer(index);
  }
  const { answerId, model } = first.route;
  const created = Math.floor(Date.now() / 1000);
  const envelope = { id: `chatcmpl-${answerId}`, created, model };
  return { first, others: others(), envelope };
}

async function beginOne(events: AsyncIterable<ChatEvent>): Promise<BegunAnswer> {
  const iterator = events[Symbol.asyncIterator]();
  let first = await iterator.next();
  while (!first.done && first.value.type === 'queued') first = await iterator.next();
  if (first.done || first.value.type !== 'route') throw unfinished();
  return { route: first.value, rest: { [Symbol.asyncIterator]: () => iterator } };
}

async function* answersOf({ first, others }: Completion): AsyncGenerator<[number, BegunAnswer]> {
  yield [0, first];
  let index = 1;
  for await (const answer of others) yield [index++, answer];
}

/** The events of a streamed completion, from the first chunk to `[DONE]`. An error is sent as the last chunk. */
export async function* streamCompletion(
  completion: Completion,
  node: NodeApi,
  includeUsage: boolean,
): AsyncGenerator<string> {
  const used: Done[] = [];
  try {
    for await (const [index, answer] of answersOf(completion))
      used.push(yield* streamAnswer(completion, answer, index, node));
    if (includeUsage) yield sseData(chunkOf(completion, { choices: [], usage: usage(used) }));
    yield STREAM_END;
  } catch (error) {
    yield sseData(errorBody(error));
    yield STREAM_END;
  }
}

async function* streamAnswer(
  completion: Completion,
  { route, rest }: BegunAnswer,
  index: number,
  node: NodeApi,
): AsyncGenerator<string, Done> {
  const chunk = (
    delta: Choice['delta'],
    { bitorch, ...more }: Partial<Choice> & Pick<CompletionChunk, 'bitorch'> = {},
  ) =>
    sseData(
      chunkOf(completion, {
        choices: [{ index, delta, logprobs: null, finish_reason: null, ...more }],
        ...(bitorch && { bitorch }),
      }),
    );
  const { answerId, hops, context } = route;
  yield chunk({ role: 'assistant', content: '' }, { bitorch: { answerId, hops, context } });
  for await (const event of rest) {
    if (event.type === 'token') yield chunk({ content: event.text }, { logprobs: logprobs(event.chosen) });
    if (event.type === 'prefill')
      yield chunk({}, { bitorch: { prefill: { done: event.done, total: event.total } } });
    if (event.type !== 'done') continue;
    yield chunk({}, { finish_reason: finishReason(event), bitorch: report(route, event, node) });
    return event;
  }
  throw unfinished();
}

type Choice = CompletionChunk['choices'][number];

const chunkOf = (
  { envelope }: Completion,
  fields: Pick<CompletionChunk, 'choices' | 'usage' | 'bitorch'>,
): CompletionChunk => ({
  ...envelope,
  object: 'chat.completion.chunk',
  ...fields,
});

/** The whole answer as one `chat.completion` object. */
export async function wholeCompletion(completion: Completion, node: NodeApi): Promise<WholeCompletion> {
  const answers = [];
  for await (const [index, answer] of answersOf(completion))
    answers.push(await wholeAnswer(answer, index, node));
  const [first] = answers;
  const { hops } = completion.first.route;
  return {
    ...completion.envelope,
    object: 'chat.completion',
    choices: answers.map(({ choice }) => choice),
    usage: usage(answers.map(({ done }) => done)),
    bitorch: { ...first!.bitorch, hops },
  };
}

async function wholeAnswer({ route, rest }: BegunAnswer, index: number, node: NodeApi) {
  let content = '';
  const chosen: ChosenTokenView[] = [];
  for await (const event of rest) {
    if (event.type === 'token') {
      content += event.text;
      chosen.push(...(event.chosen ?? []));
    }
    if (event.type !== 'done') continue;
    const message = { role: 'assistant' as const, content, refusal: null };
    const choice = { index, message, logprobs: logprobs(chosen), finish_reason: finishReason(event) };
    return { choice, done: event, bitorch: report(route, event, node) };
  }
  throw unfinished();
}

/** Log probabilities in OpenAI's format; null when there are none. */
function logprobs(chosen: readonly ChosenTokenView[] | undefined): Logprobs | null {
  if (!chosen?.length) return null;
  const view = ({ text, bytes, logprob }: TokenLogprob) => ({ token: text, logprob, bytes });
  const content = chosen.map((token) => ({ ...view(token), top_logprobs: token.likeliest.map(view) }));
  return { content, refusal: null };
}

/** An answer ends without its `done` event when it was cancelled by the client or by the node stopping. */
const unfinished = () =>
  new BitorchError('CANCELLED', 'the answer was cancelled before it was complete; try again');

/**
 * OpenAI has no finish_reason for a cancelled answer, so this throws. A repetitive answer was cut off, like one that is too
 * long.
 */
function finishReason({ reason }: Done): 'stop' | 'length' {
  if (reason === 'cancelled') throw unfinished();
  return reason === 'repetition' ? 'length' : reason;
}

/** All answers share the prompt, which is counted once. */
function usage(answers: readonly Done[]): Usage {
  const prompt_tokens = answers[0]!.promptTokens;
  const completion_tokens = answers.reduce((sum, done) => sum + done.completionTokens, 0);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

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

import { BitorchError } from '#base';
import type { Boundary } from './engine/index.ts';
import {
  type ChosenToken,
  chosenToken,
  createSampler,
  RepetitionDetector,
  type SamplingOptions,
  StopStrings,
} from './sampling/index.ts';
import type { ClientSession } from './session/index.ts';
import type { Tokenizer } from './tokenizer/index.ts';

export interface GenerateOptions {
  readonly prompt: readonly number[];
  /** Maximum number of tokens to generate. The session's context limits an answer as well. */
  readonly maxTokens: number;
  readonly sampling: SamplingOptions;
  readonly stop: readonly string[];
  /** Whether the prompt ends within the answer, so that the first token is not the beginning of a text. */
  readonly continues?: boolean;
  /** Number of most likely tokens to report at each position. When absent, no probabilities are reported. */
  readonly logprobs?: number | undefined;
}

export interface GenerateDependencies {
  readonly boundary: Boundary;
  readonly session: ClientSession;
  readonly tokenizer: Tokenizer;
}

export type GenerateEvent =
  /** `done` of `total` prompt positions have been computed. */
  | { type: 'prefill'; done: number; total: number }
  /**
   * Final text: it contains no partial character and no prefix of a stop string. `tokens` counts the tokens of the answer so
   * far. `chosen` lists the tokens since the previous event, if probabilities were requested.
   */
  | { type: 'text'; text: string; tokens: number; chosen: readonly ChosenToken[] }
  | { type: 'end'; reason: EndReason; tokens: number };

/**
 * `stop`: the model produced an end token or a stop string. `length`: the answer reached maxTokens or the end of the context.
 * `repetition`: the answer repeated one phrase without end.
 */
export type EndReason = 'stop' | 'length' | 'repetition';

/**
 * Answers a prompt over an open session. Embedding, final norm, head and sampling run on this node; the blocks run on the
 * stages of the session. Throws PROMPT_EMPTY when the prompt has no tokens and CONTEXT_EXCEEDED when it does not fit, both
 * before anything is sent.
 */
export function generate(
  options: GenerateOptions,
  dependencies: GenerateDependencies,
): AsyncGenerator<GenerateEvent> {
  const { prompt } = options;
  const { context } = dependencies.session;
  if (prompt.length === 0) throw new BitorchError('PROMPT_EMPTY', 'the prompt is empty: write some text');
  if (prompt.length >= context) {
    throw new BitorchError(
      'CONTEXT_EXCEEDED',
      `the conversation has ${prompt.length} tokens, the context holds ${context}: shorten it or start a new one`,
      { tokens: prompt.length, context },
    );
  }
  return answer(options, dependencies);
}

async function* answer(
  { prompt, maxTokens, sampling, stop, continues = false, logprobs }: GenerateOptions,
  { boundary, session, tokenizer }: GenerateDependencies,
): AsyncGenerator<GenerateEvent> {
  const limit = Math.min(session.context - prompt.length, maxTokens);
  const sampler = createSampler(sampling, prompt);
  const detokenizer = tokenizer.stream();
  if (continues) detokenizer.push(prompt.at(-1)!);
  const stops = new StopStrings(stop);
  // A control token decodes to no text, so a stop string that names one is matched by its id.
  const stopTokens = stop.map((text) => tokenizer.idOf(text)).filter((id) => id !== undefined);
  const ends = new Set([...tokenizer.stopIds, ...stopTokens]);
  const repetition = new RepetitionDetector();
  let chosen: ChosenToken[] = [];

  let last = yield* prefill(prompt, boundary, session);
  let logits: Float32Array | undefined;
  for (let tokens = 1; ; tokens++) {
    logits = await boundary.logits(last, logits);
    const token = sampler.sample(logits);
    if (ends.has(token)) return yield* finish('stop', tokens - 1);
    if (logprobs !== undefined) chosen.push(chosenToken(logits, token, logprobs));
    const text = stops.push(detokenizer.push(token));
    if (text) yield piece(text, tokens);
    if (stops.found) return yield { type: 'end', reason: 'stop', tokens };
    if (repetition.push(token)) return yield* finish('repetition', tokens);
    if (tokens >= limit) return yield* finish('length', tokens);
    last = await session.forward(prompt.length + tokens - 1, boundary.embed([token]));
  }

  function piece(text: string, tokens: number): GenerateEvent {
    const reported = chosen;
    chosen = [];
    return { type: 'text', text, tokens, chosen: reported };
  }

  async function* finish(reason: EndReason, tokens: number): AsyncGenerator<GenerateEvent> {
    // An incomplete character at the end is dropped.
    const rest = stops.end();
    if (rest || chosen.length > 0) yield piece(rest, tokens);
    yield { type: 'end', reason, tokens };
  }
}

/** Runs the prompt and reports progress as rows come back. Returns the last position's hidden state (hidden f32). */
async function* prefill(
  prompt: readonly number[],
  boundary: Boundary,
  session: ClientSession,
): AsyncGenerator<GenerateEvent, Float32Array> {
  const total = prompt.length;
  let done = 0;
  let wake = Promise.withResolvers<void>();
  const running = session.forward(0, boundary.embed(prompt), (rows) => {
    done = rows;
    wake.resolve();
  });
  running.catch(() => wake.resolve());
  for (let reported = 0; reported < total; ) {
    await Promise.race([wake.promise, running]);
    wake = Promise.withResolvers<void>();
    if (done === reported) break;
    reported = done;
    yield { type: 'prefill', done, total };
  }
  const states = await running;
  return states.subarray(states.length - states.length / total);
}

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
  /** Most tokens to generate; the context ends an answer, too. */
  readonly maxTokens: number;
  readonly sampling: SamplingOptions;
  readonly stop: readonly string[];
  /** How many of the likeliest tokens to name at each position; no probabilities are given when absent. */
  readonly logprobs?: number | undefined;
}

export interface GenerateDependencies {
  readonly boundary: Boundary;
  readonly session: ClientSession;
  readonly tokenizer: Tokenizer;
}

export type GenerateEvent =
  | { type: 'prefill'; done: number; total: number }
  /**
   * Text that is certain: no half character, nothing that may become a stop string. `tokens`: of the answer so far. `chosen`:
   * the tokens since the event before, where probabilities were asked for.
   */
  | { type: 'text'; text: string; tokens: number; chosen: readonly ChosenToken[] }
  | { type: 'end'; reason: EndReason; tokens: number };

/** The model or a stop string ended it; there was no room for more; or it went round in a circle. */
export type EndReason = 'stop' | 'length' | 'repetition';

/**
 * Answers a prompt over an open session: embedding, final norm, head and sampling here, the blocks elsewhere.
 * Throws at once, before anything is sent, CONTEXT_EXCEEDED when the prompt does not fit, PROMPT_EMPTY when there is none.
 */
export function generate(
  options: GenerateOptions,
  dependencies: GenerateDependencies,
): AsyncGenerator<GenerateEvent> {
  const { prompt } = options;
  const { context } = dependencies.session;
  if (prompt.length === 0) throw new BitorchError('PROMPT_EMPTY', 'there is no token to read');
  if (prompt.length >= context) {
    throw new BitorchError(
      'CONTEXT_EXCEEDED',
      `the conversation has ${prompt.length} tokens, the model takes ${context}: shorten it or start a new one`,
      { tokens: prompt.length, context },
    );
  }
  return answer(options, dependencies);
}

async function* answer(
  { prompt, maxTokens, sampling, stop, logprobs }: GenerateOptions,
  { boundary, session, tokenizer }: GenerateDependencies,
): AsyncGenerator<GenerateEvent> {
  const limit = Math.min(session.context - prompt.length, maxTokens);
  const sampler = createSampler(sampling, prompt);
  const detokenizer = tokenizer.stream();
  const stops = new StopStrings(stop);
  // A control token has no text in which a stop string could be found.
  const named = stop.map((text) => tokenizer.idOf(text)).filter((id) => id !== undefined);
  const ends = new Set([...tokenizer.stopIds, ...named]);
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
    const of = chosen;
    chosen = [];
    return { type: 'text', text, tokens, chosen: of };
  }

  async function* finish(reason: EndReason, tokens: number): AsyncGenerator<GenerateEvent> {
    // A character that is not finished is left out.
    const rest = stops.end();
    if (rest || chosen.length > 0) yield piece(rest, tokens);
    yield { type: 'end', reason, tokens };
  }
}

/** Runs the prompt and returns the hidden state of its last position; reports progress as rows come back. */
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
  for (let told = 0; told < total; ) {
    await Promise.race([wake.promise, running]);
    wake = Promise.withResolvers<void>();
    if (done === told) break;
    told = done;
    yield { type: 'prefill', done, total };
  }
  const states = await running;
  return states.subarray(states.length - states.length / total);
}

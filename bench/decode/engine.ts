import { STEPS, WARM_STEPS } from './workload.ts';

/** What every engine of the bench can do; it works on one sequence. */
export interface Engine {
  /** Runs tokens at positions from 0 on and computes the logits of the last. */
  prefill(tokens: readonly number[]): Promise<void>;
  /** Runs one token over the cache of those before it and computes its logits; what came after is forgotten. */
  step(position: number, token: number): Promise<void>;
  /** Sum over the tokens but the first of −ln p(token | those before), for engines that can tell. */
  score?(tokens: readonly number[]): Promise<number>;
}

export interface Setup {
  readonly gguf: string;
  readonly tokens: readonly number[];
  readonly threads: number;
}

/** `decode` runs steps from position `length` on. */
export type Task = { kind: 'prefill' | 'decode'; length: number } | { kind: 'score' };
export type Request = { kind: 'load'; setup: Setup } | Task;
/** By engine: milliseconds that the task took, per step for decoding; nats for a score. */
export type Values = Record<string, number>;
export type Reply = { values: Values } | { error: string };

/** The child's side: loads engines and does the tasks that the parent sends with each of them. */
export function serve(load: (setup: Setup) => Promise<Record<string, Engine>>): void {
  let tokens: readonly number[] = [];
  let engines: Record<string, Engine> = {};
  const handle = async (request: Request): Promise<Values> => {
    if (request.kind === 'load') {
      tokens = request.setup.tokens;
      engines = await load(request.setup);
      return {};
    }
    if (request.kind === 'decode') return decode(engines, tokens, request.length);
    const values: Values = {};
    for (const [name, engine] of Object.entries(engines)) {
      const start = performance.now();
      if (request.kind === 'score') values[name] = await engine.score!(tokens);
      else {
        await engine.prefill(tokens.slice(0, request.length));
        values[name] = performance.now() - start;
      }
    }
    return values;
  };
  process.on('message', (request: Request) => {
    handle(request).then(
      (values) => process.send?.({ values } satisfies Reply),
      (error: Error) => process.send?.({ error: error.stack ?? error.message } satisfies Reply),
    );
  });
  process.on('disconnect', () => process.exit());
}

/** Engines of one process take turns step by step, so that their difference is not the machine's mood. */
async function decode(
  engines: Record<string, Engine>,
  tokens: readonly number[],
  length: number,
): Promise<Values> {
  const names = Object.keys(engines);
  const values: Values = Object.fromEntries(names.map((name) => [name, 0]));
  for (let at = length - WARM_STEPS; at < length + STEPS; at++) {
    for (const name of at % 2 ? names : names.toReversed()) {
      const start = performance.now();
      await engines[name]!.step(at, tokens[at]!);
      if (at >= length) values[name]! += (performance.now() - start) / STEPS;
    }
  }
  return values;
}

/** −ln of the probability that softmax gives `token`. */
export function surprise(logits: Float32Array, token: number): number {
  let max = Number.NEGATIVE_INFINITY;
  for (const logit of logits) max = Math.max(max, logit);
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  return Math.log(sum) + max - logits[token]!;
}

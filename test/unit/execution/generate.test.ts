import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Boundary,
  type ClientSession,
  type GenerateOptions,
  generate,
  type Tokenizer,
} from '#execution';
import { RepetitionDetector } from '../../../src/execution/sampling/index.ts';

const VOCABULARY = 300;
const STOP = 299;
const CONTROL = 298;

/** Answers with the tokens of `script`; each token is one letter. */
async function answer(
  script: (at: number) => number,
  maxTokens: number,
  more: Partial<GenerateOptions> = {},
  stream: () => { push(id: number): string; end(): string } = () => ({
    push: (id) => String.fromCharCode(65 + id),
    end: () => '\ufffd',
  }),
) {
  let at = 0;
  const boundary = {
    embed: (tokens: readonly number[]) => new Float32Array(tokens.length),
    logits: async () => {
      const logits = new Float32Array(VOCABULARY);
      logits[script(at++)] = 1;
      return logits;
    },
  } as unknown as Boundary;
  const session = {
    context: 2048,
    forward: async (_: number, rows: Float32Array, onRows?: (n: number) => void) => {
      onRows?.(rows.length);
      return rows;
    },
  } as unknown as ClientSession;
  const tokenizer = {
    stopIds: [STOP],
    idOf: (text: string) => (text === '<|control|>' ? CONTROL : undefined),
    stream,
  } as unknown as Tokenizer;
  let text = '';
  const options = { prompt: [1, 2], maxTokens, sampling: {}, stop: [], ...more };
  const chosen: number[][] = [];
  for await (const event of generate(options, { boundary, session, tokenizer })) {
    if (event.type === 'text') text += event.text;
    if (event.type === 'text') chosen.push(event.chosen.map(({ id }) => id));
    if (event.type === 'end') return { text, reason: event.reason, tokens: event.tokens, chosen };
  }
  throw new Error('an answer without an end');
}

test('a stop string that is one token ends the answer at that token, which has no text', async () => {
  const { text, reason, tokens } = await answer((at) => (at === 2 ? CONTROL : at), 9, {
    stop: ['<|control|>'],
  });
  assert.deepEqual({ text, reason, tokens }, { text: 'AB', reason: 'stop', tokens: 2 });
});

test('a prompt of no tokens is refused before anything is sent', async () => {
  await assert.rejects(
    answer(() => 1, 9, { prompt: [] }),
    { code: 'PROMPT_EMPTY' },
  );
});

test('a character that an answer does not finish is left out', async () => {
  const { text } = await answer(() => 3, 2);
  assert.equal(text, 'DD');
});

test('an answer that goes round in a circle ends, with what it said', async () => {
  const circle = [9, 3, 7, 3, 8, 3];
  const { reason, tokens, text } = await answer((at) => (at < 10 ? 100 + at : circle[at % 6]!), 1000);
  assert.equal(reason, 'repetition');
  assert.equal(tokens, 10 + 48);
  assert.equal(text.length, tokens);
});

test('lists, counts and lines that share most of their words are not circles', async () => {
  // "1 a a a a, 2 a a a a, …": alike, never the same.
  const numbered = await answer((at) => (at === 250 ? STOP : at % 6 === 0 ? 10 + at / 6 : 5), 1000);
  assert.equal(numbered.reason, 'stop');
  // The same word forty times, then the end.
  assert.equal((await answer((at) => (at === 40 ? STOP : 5), 1000)).reason, 'stop');
  // A line of twenty words, four times: a refrain.
  assert.equal((await answer((at) => (at === 80 ? STOP : at % 20), 1000)).reason, 'stop');
});

test('the length that was asked for ends an answer', async () => {
  const { reason, tokens } = await answer((at) => at % 290, 100);
  assert.deepEqual({ reason, tokens }, { reason: 'length', tokens: 100 });
});

test('a prompt that does not fit is refused at once, before anything is asked for', () => {
  const session = { context: 4 } as unknown as ClientSession;
  const nothing = { boundary: {} as Boundary, tokenizer: {} as Tokenizer, session };
  const options = { prompt: [1, 2, 3, 4], maxTokens: 1, sampling: {}, stop: [] };
  assert.throws(() => generate(options, nothing), { code: 'CONTEXT_EXCEEDED' });
});

test('the tokens of a text come with it, those of a stop string do not', async () => {
  const said = [1, 2, 3, 4, 5];
  const script = (at: number) => said[at] ?? STOP;
  assert.deepEqual((await answer(script, 100, { logprobs: 1 })).chosen, [[1], [2], [3], [4], [5]]);
  assert.deepEqual((await answer(script, 100)).chosen.flat(), []);
  // "DE" is 3, 4: what may become it is held back.
  const stopped = await answer(script, 100, { logprobs: 1, stop: ['DE'] });
  assert.deepEqual([stopped.text, stopped.chosen], ['BC', [[1], [2]]]);
  const undecided = await answer(script, 100, { logprobs: 1, stop: ['FG'] });
  assert.deepEqual([undecided.text, undecided.chosen], ['BCDEF', [[1], [2], [3], [4], [5]]]);
});

test('circles are found where comparing all tokens finds them', () => {
  /** Whether the end of `tokens` is five copies of one phrase of at most 64 tokens, and at least 48 tokens of it. */
  const circles = (tokens: readonly number[]) =>
    Array.from({ length: 64 }, (_, i) => i + 1).some((period) => {
      const span = Math.max(5 * period, 48);
      const end = tokens.slice(-span);
      return end.length === span && end.every((token, i) => i < period || token === end[i - period]);
    });
  const phrase = fc.array(fc.nat(3), { minLength: 1, maxLength: 70 });
  fc.assert(
    fc.property(phrase, phrase, fc.integer({ min: 1, max: 70 }), (head, body, copies) => {
      const detector = new RepetitionDetector();
      const tokens: number[] = [];
      for (const token of [...head, ...Array.from({ length: copies }, () => body).flat()].slice(0, 500)) {
        tokens.push(token);
        assert.equal(detector.push(token), circles(tokens));
      }
    }),
    { numRuns: 30 },
  );
});

test('the first token of a continued answer is not the beginning of a text', async () => {
  // Prefixes every token but the first with a space, as tokenizers of the SentencePiece kind do.
  const stream = () => {
    let isFirst = true;
    return {
      push: (id: number) => {
        const text = `${isFirst ? '' : ' '}${String.fromCharCode(65 + id)}`;
        isFirst = false;
        return text;
      },
      end: () => '',
    };
  };
  assert.equal((await answer((at) => at, 2, {}, stream)).text, 'A B');
  assert.equal((await answer((at) => at, 2, { continues: true }, stream)).text, ' A B');
});

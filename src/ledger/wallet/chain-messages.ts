import { BitorchError } from '#base';
import { outputCodec, spendCodec } from '../buckets.ts';
import { amount, blob, type Codec, decode, encode, integer, list, struct } from '../codec/index.ts';
import { MAX_TRANSACTION_BYTES } from '../constants.ts';
import { parametersCodec } from '../parameters.ts';
import {
  MAX_OUTPUTS_ASKED,
  MAX_SPENDS_ASKED,
  MAX_TOTALS_ASKED,
  type OutputTotal,
  type WalletChain,
} from './chain.ts';
import { submissionCodec } from './submission.ts';

/** Codecs for one method of `WalletChain`, for a chain at the other end of a connection. */
interface Call<Question, Answer> {
  readonly question: Codec<Question>;
  readonly answer: Codec<Answer>;
  ask(chain: WalletChain, question: Question): Promise<Answer>;
}

const call = <Q, A>(
  question: Codec<Q>,
  answer: Codec<A>,
  ask: (chain: WalletChain, question: Q) => Promise<A>,
): Call<Q, A> => ({ question, answer, ask });

const nothing = struct({});
const range = struct({ from: integer(), to: integer() });
const outputList = list(outputCodec, MAX_OUTPUTS_ASKED);
const totalCodec: Codec<OutputTotal> = struct({ height: integer(), total: integer() });

const CALLS = {
  status: call(
    nothing,
    struct({
      height: integer(),
      outputs: integer(),
      spends: integer(),
      baseFee: amount,
      parameters: parametersCodec,
      blockMs: integer(1),
    }),
    async (chain) => {
      const { blockSeconds, ...status } = await chain.status();
      return { ...status, blockMs: Math.max(1, Math.round(1_000 * blockSeconds)) };
    },
  ),
  outputs: call(range, outputList, (chain, { from, to }) => chain.outputs(from, to)),
  outputsAt: call(list(integer(), MAX_OUTPUTS_ASKED), outputList, (chain, numbers) =>
    chain.outputsAt(numbers),
  ),
  totals: call(
    integer(),
    struct({ before: integer(), totals: list(totalCodec, MAX_TOTALS_ASKED) }),
    (chain, from) => chain.totals(from),
  ),
  spends: call(range, list(spendCodec, MAX_SPENDS_ASKED), (chain, { from, to }) => chain.spends(from, to)),
  submit: call(blob(MAX_TRANSACTION_BYTES), submissionCodec, (chain, transaction) =>
    chain.submit(transaction),
  ),
};

export type ChainCall = keyof typeof CALLS;

/** Maximum length of an answer; a page of totals is the longest. */
export const MAX_CHAIN_ANSWER_BYTES = 2 ** 20;

/**
 * The node's side: decodes a question, asks the chain, and encodes the answer. Throws CHAIN_QUESTION when there is no question
 * of that name, CODEC_INVALID when the question does not decode, and any error of the chain.
 */
export async function answerChainCall(
  chain: WalletChain,
  name: string,
  question: Uint8Array,
): Promise<Uint8Array> {
  if (!Object.hasOwn(CALLS, name)) {
    throw new BitorchError('CHAIN_QUESTION', `the chain answers no question "${name}"`);
  }
  const { question: questions, answer, ask } = CALLS[name as ChainCall] as Call<unknown, unknown>;
  return encode(answer, await ask(chain, decode(questions, question)));
}

/** The wallet's side: a chain behind a transport. Its methods throw CHAIN_INVALID when an answer is malformed. */
export function remoteChain(
  carry: (name: ChainCall, question: Uint8Array) => Promise<Uint8Array>,
): WalletChain {
  async function ask<Q, A>(name: ChainCall, { question, answer }: Call<Q, A>, asked: Q): Promise<A> {
    const bytes = await carry(name, encode(question, asked));
    try {
      return decode(answer, bytes, MAX_CHAIN_ANSWER_BYTES);
    } catch (error) {
      throw new BitorchError('CHAIN_INVALID', `the node's answer about ${name} cannot be read`, {}, error);
    }
  }
  /** A shorter list must not be mistaken for "does not exist". */
  function all<T>(answers: readonly T[], asked: number): readonly T[] {
    if (answers.length === asked) return answers;
    throw new BitorchError('CHAIN_INVALID', `the node gave ${answers.length} answers to ${asked} questions`);
  }
  return {
    async status() {
      const { blockMs, ...status } = await ask('status', CALLS.status, {});
      return { ...status, blockSeconds: blockMs / 1_000 };
    },
    outputs: async (from, to) => all(await ask('outputs', CALLS.outputs, { from, to }), to - from),
    outputsAt: async (numbers) => all(await ask('outputsAt', CALLS.outputsAt, numbers), numbers.length),
    totals: (from) => ask('totals', CALLS.totals, from),
    spends: async (from, to) => all(await ask('spends', CALLS.spends, { from, to }), to - from),
    submit: (transaction) => ask('submit', CALLS.submit, transaction),
  };
}

import { BitorchError } from '#base';
import {
  type AnswerTo,
  type Application,
  type AskedBy,
  type Chain,
  QUESTIONS,
  type QuestionPath,
} from '#consensus';
import { type Codec, decode, encode, type WalletChain } from '#ledger';

/** Asks the application of this node something. Throws QUERY_INVALID for what it does not answer. */
export async function ask<P extends QuestionPath>(
  application: Application,
  path: P,
  question: AskedBy<P>,
): Promise<AnswerTo<P>> {
  const { question: asked, answer } = QUESTIONS[path];
  const data = encode(asked as Codec<AskedBy<P>>, question);
  const { code, log, value } = await application.query({ path, data });
  if (code !== 0) throw new BitorchError('QUERY_INVALID', log);
  return decode(answer as unknown as Codec<AnswerTo<P>>, value);
}

/** The chain as a wallet of this node asks for it. */
export function walletChainOf(application: Application, chain: Pick<Chain, 'submit'>): WalletChain {
  return {
    status: async () => {
      const { height, outputs, spends, baseFee, parameters } = await ask(application, '/status', {});
      return { height, outputs, spends, baseFee, parameters };
    },
    outputs: (from, to) => ask(application, '/outputs', { from, to }),
    outputsAt: (numbers) => ask(application, '/outputs-at', numbers),
    totals: (from) => ask(application, '/totals', { from }),
    spends: (from, to) => ask(application, '/spends', { from, to }),
    async submit(transaction) {
      const { code, log } = await chain.submit(transaction);
      // The application's log begins with the error's code.
      if (code !== 0) throw refusalOf(log);
    },
  };
}

function refusalOf(log: string): BitorchError {
  const [, code, message] = /^([A-Z_]+): (.*)$/s.exec(log) ?? [];
  return new BitorchError(code ?? 'TRANSACTION_REFUSED', message ?? log);
}

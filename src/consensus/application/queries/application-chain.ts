import { decode, encode, SENT, submissionOf, type WalletChain } from '#ledger';
import type { Application, CheckTxResult, QueryResult } from '../application.ts';
import { type Moment, secondsEach } from '../block-time.ts';
import { errorOf } from '../codes.ts';
import { type AnswerTo, type AskedBy, MAX_ANSWER_BYTES, QUESTIONS, type QuestionPath } from './questions.ts';

/** How the application is reached: in this process, or through an engine's RPC. */
export interface ApplicationPort {
  query(request: {
    readonly path: string;
    readonly data: Uint8Array;
  }): Promise<Pick<QueryResult, 'code' | 'log' | 'value' | 'costMs'>>;
  checkTx(request: { readonly bytes: Uint8Array }): Promise<Pick<CheckTxResult, 'code' | 'log'>>;
}

/**
 * Asks one of the application's questions. Throws the application's refusal, or CODEC_INVALID when the answer is
 * malformed.
 */
export async function ask<P extends QuestionPath>(
  application: Pick<ApplicationPort, 'query'>,
  path: P,
  asked: AskedBy<P>,
): Promise<AnswerTo<P>> {
  const { question, answer } = QUESTIONS[path];
  const { code, log, value } = await application.query({
    path,
    data: encode(question as never, asked as never),
  });
  if (code !== 0) throw errorOf({ code, log });
  return decode(answer as never, value, MAX_ANSWER_BYTES);
}

/**
 * The chain as a wallet queries it, from a trusted application.
 *
 * @param since an earlier block than a given height, if one is known: block time is measured from it
 */
export function applicationChain(
  application: ApplicationPort | Application,
  since?: (height: number) => Moment | undefined,
): WalletChain {
  const of = <P extends QuestionPath>(path: P, asked: AskedBy<P>) => ask(application, path, asked);
  return {
    async status() {
      const status = await of('/status', {});
      return { ...status, blockSeconds: secondsEach(since?.(status.height) ?? status, status) };
    },
    outputs: (from, to) => of('/outputs', { from, to }),
    outputsAt: (numbers) => of('/outputs-at', numbers),
    totals: (from) => of('/totals', { from }),
    spends: (from, to) => of('/spends', { from, to }),
    async submit(bytes) {
      const { code, log } = await application.checkTx({ bytes });
      return code === 0 ? SENT : submissionOf(errorOf({ code, log }));
    },
  };
}

import { BitorchError } from '#base';
import { decode, encode, type WalletChain } from '#ledger';
import type { Application, CheckTxResult, QueryResult } from '../application.ts';
import { type AnswerTo, type AskedBy, MAX_ANSWER_BYTES, QUESTIONS, type QuestionPath } from './questions.ts';

/** How the application is reached: in this process, or through an engine's RPC. */
export interface ApplicationPort {
  query(request: {
    readonly path: string;
    readonly data: Uint8Array;
  }): Promise<Pick<QueryResult, 'code' | 'log' | 'value'>>;
  checkTx(request: { readonly bytes: Uint8Array }): Promise<Pick<CheckTxResult, 'code' | 'log'>>;
}

/** Asks one of the application's questions. Throws what it refuses with; CODEC_INVALID for an answer that is none. */
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
  if (code !== 0) throw refusal(log);
  return decode(answer as never, value, MAX_ANSWER_BYTES);
}

/** The chain as a wallet asks for it. */
export function applicationChain(application: ApplicationPort | Application): WalletChain {
  const of = <P extends QuestionPath>(path: P, asked: AskedBy<P>) => ask(application, path, asked);
  return {
    status: () => of('/status', {}),
    outputs: (from, to) => of('/outputs', { from, to }),
    outputsAt: (numbers) => of('/outputs-at', numbers),
    totals: (from) => of('/totals', { from }),
    spends: (from, to) => of('/spends', { from, to }),
    async submit(bytes) {
      const { code, log } = await application.checkTx({ bytes });
      if (code !== 0) throw refusal(log);
    },
  };
}

/** The error that a log spells out: `CODE: message`. */
function refusal(log: string): BitorchError {
  const [, code = 'UNKNOWN', message = log] = /^([A-Z_]+): (.*)$/s.exec(log) ?? [];
  return new BitorchError(code, message);
}

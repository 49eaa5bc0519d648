import { fromHex, toHex } from '#base';
import { type Codec, decode, encode, type WalletChain } from '#ledger';
import {
  type AnswerTo,
  type AskedBy,
  QUESTIONS,
  type QuestionPath,
} from '../../../src/consensus/application/index.ts';
import type { ChainProcess } from './cluster.ts';

/** What a node process answers to a question of its application. */
export async function askProcess<P extends QuestionPath>(
  node: ChainProcess,
  path: P,
  question: AskedBy<P>,
): Promise<AnswerTo<P>> {
  const codecs = QUESTIONS[path];
  const data = toHex(encode(codecs.question as Codec<AskedBy<P>>, question));
  const { code, log, value } = await node.ask<{ code: number; log: string; value: string }>({
    type: 'query',
    path,
    data,
  });
  if (code !== 0) throw new Error(log);
  return decode(codecs.answer as unknown as Codec<AnswerTo<P>>, fromHex(value));
}

/** The chain of a node process, as a wallet outside of it asks for it. */
export const remoteChain = (node: ChainProcess): WalletChain => ({
  status: () => askProcess(node, '/status', {}),
  outputs: (from, to) => askProcess(node, '/outputs', { from, to }),
  outputsAt: (numbers) => askProcess(node, '/outputs-at', numbers),
  totals: (from) => askProcess(node, '/totals', { from }),
  spends: (from, to) => askProcess(node, '/spends', { from, to }),
  async submit(transaction) {
    const { code, log } = await node.ask<{ code: number; log: string }>({
      type: 'submit',
      transaction: toHex(transaction),
    });
    if (code !== 0) throw new Error(log);
  },
});

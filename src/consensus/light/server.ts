import { BitorchError, utf8 } from '#base';
import { decode, encode } from '#ledger';
import { type ApplicationPort, type CheckTxResult, refusedFor } from '../application/index.ts';
import type { QuestionServer } from '../sync/index.ts';
import { MAX_QUERY_FRAME, QUERY_PROTOCOL } from './constants.ts';
import { OPEN_PATHS, type Query, queryCodec, type Reply, replyCodec } from './protocol.ts';

export interface QueryServerDependencies {
  readonly questions: QuestionServer;
  readonly application: Pick<ApplicationPort, 'query'>;
  /**
   * Accepts a transaction of a peer. It waits in that peer's own queue to be checked, not in that of this node's
   * owner.
   */
  readonly submit: (transaction: Uint8Array, peer: string) => Promise<Pick<CheckTxResult, 'code' | 'log'>>;
}

/** Cost of verifying a submitted transaction and of refusing a question, in ms of a slow core. */
const SUBMIT_MS = 20;
const REFUSAL_MS = 0.2;

const PATHS: ReadonlySet<string> = new Set(OPEN_PATHS);
const NOTHING = new Uint8Array(0);

/** Answers wallets that trust no node, and accepts their transactions. */
export function serveQueries(dependencies: QueryServerDependencies): Promise<void> {
  return dependencies.questions.serve({
    protocol: QUERY_PROTOCOL,
    maxQuestion: MAX_QUERY_FRAME,
    async answer(question, peer) {
      const { reply, costMs } = await answer(decode(queryCodec, question), peer, dependencies);
      return { bytes: encode(replyCodec, reply), costMs };
    },
  });
}

async function answer(
  query: Query,
  peer: string,
  { application, submit }: QueryServerDependencies,
): Promise<{ readonly reply: Reply; readonly costMs: number }> {
  if (query.type === 'submit') {
    const { code, log } = await submit(query.value.transaction, peer);
    return { reply: { code, log: text(log), value: NOTHING }, costMs: SUBMIT_MS };
  }
  const { path, data } = query.value;
  const name = Buffer.from(path).toString('latin1');
  if (!PATHS.has(name)) {
    const { code, log } = refusedFor(new BitorchError('QUERY_INVALID', 'this query is not open to peers'));
    return { reply: { code, log: text(log), value: NOTHING }, costMs: REFUSAL_MS };
  }
  const { code, log, value, costMs = REFUSAL_MS } = await application.query({ path: name, data });
  return { reply: { code, log: text(log), value }, costMs };
}

const text = (log: string): Uint8Array => utf8(log.slice(0, 1_000));

import { BitorchError, utf8 } from '#base';
import { decode, encode } from '#ledger';
import type { FrameStream, Host } from '#network';
import { type ApplicationPort, refusedFor } from '../application/index.ts';
import { Allowance } from '../gossip/allowance.ts';
import {
  MAX_QUERY_FRAME,
  OPEN_PATHS,
  QUERIES_AT_ONCE,
  QUERIES_PER_SECOND,
  QUERY_PROTOCOL,
  type Query,
  queryCodec,
  type Reply,
  replyCodec,
  SUBMITS_AT_ONCE,
  SUBMITS_PER_SECOND,
} from './protocol.ts';

export interface QueryServerDependencies {
  readonly host: Host;
  readonly application: ApplicationPort;
  /** Milliseconds that only go on. */
  readonly now: () => number;
}

const PATHS: ReadonlySet<string> = new Set(OPEN_PATHS);
const NOTHING = new Uint8Array(0);

/** Answers wallets that believe no node, and takes in what they hand in. */
export async function serveQueries({ host, application, now }: QueryServerDependencies): Promise<void> {
  await host.handle(QUERY_PROTOCOL, MAX_QUERY_FRAME, async (stream: FrameStream) => {
    const queries = new Allowance(QUERIES_PER_SECOND, QUERIES_AT_ONCE, now());
    const submits = new Allowance(SUBMITS_PER_SECOND, SUBMITS_AT_ONCE, now());
    for (let frame = await stream.read(); frame; frame = await stream.read()) {
      const query = decode(queryCodec, frame);
      if (!(query.type === 'query' ? queries : submits).spend(1, now()))
        throw new BitorchError('QUOTA_EXCEEDED', 'too many questions');
      await stream.send(encode(replyCodec, await answer(query, application)));
    }
  });
}

async function answer(query: Query, application: ApplicationPort): Promise<Reply> {
  if (query.type === 'submit') {
    const { code, log } = await application.checkTx({ bytes: query.value.transaction });
    return { code, log: text(log), value: NOTHING };
  }
  const { path, data } = query.value;
  const name = Buffer.from(path).toString('latin1');
  if (!PATHS.has(name)) {
    const { code, log } = refusedFor(new BitorchError('QUERY_INVALID', 'this is not for everybody'));
    return { code, log: text(log), value: NOTHING };
  }
  const { code, log, value } = await application.query({ path: name, data });
  return { code, log: text(log), value };
}

const text = (log: string): Uint8Array => utf8(log.slice(0, 1_000));

import { utf8 } from '#base';
import { decode, encode } from '#ledger';
import type { Host } from '#network';
import type { ApplicationPort } from '../application/index.ts';
import { type LightBlock, Questions, SyncClient } from '../sync/index.ts';
import { MAX_REPLY_FRAME, QUERY_PROTOCOL } from './constants.ts';
import { type Query, queryCodec, replyCodec } from './protocol.ts';

/** What a wallet asks of a node: headers with their proofs, and the application. Nothing it answers is trusted. */
export interface LightPeer extends ApplicationPort {
  readonly id: string;
  /** The header of a height, or the last one for 0; undefined when not available. */
  light(height: number): Promise<LightBlock | undefined>;
  close(): void;
}

/**
 * A node of the chain over the network. Every query throws PEER_UNREACHABLE, STREAM_CLOSED or CODEC_INVALID when it
 * fails.
 */
export class RemotePeer implements LightPeer {
  readonly id: string;
  readonly #sync: SyncClient;
  readonly #queries: Questions;

  constructor(id: string, dependencies: { host: Host }) {
    this.id = id;
    this.#sync = new SyncClient(id, dependencies);
    this.#queries = new Questions(
      { peer: id, protocol: QUERY_PROTOCOL, maxAnswer: MAX_REPLY_FRAME },
      dependencies,
    );
  }

  light(height: number): Promise<LightBlock | undefined> {
    return this.#sync.light(height);
  }

  query({ path, data }: { path: string; data: Uint8Array }) {
    return this.#ask({ type: 'query', value: { path: utf8(path), data } });
  }

  checkTx({ bytes }: { bytes: Uint8Array }) {
    return this.#ask({ type: 'submit', value: { transaction: bytes } });
  }

  close(): void {
    this.#sync.close();
    this.#queries.close();
  }

  async #ask(query: Query) {
    const frame = await this.#queries.ask(encode(queryCodec, query));
    const { code, log, value } = decode(replyCodec, frame, MAX_REPLY_FRAME);
    return { code, log: Buffer.from(log).toString(), value };
  }
}

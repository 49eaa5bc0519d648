import { createHash } from 'node:crypto';

/** For shorter messages, an IDONTWANT costs as much as receiving a second copy. */
const LEAST_UNWANTED_BYTES = 8 << 10;

/**
 * Peer scoring. By default GossipSub ignores all peers of an address with more than ten of them for an hour, so a dozen
 * identities would silence everyone behind the same address. Budgets bound what an address may consume instead. Scores
 * expire within seconds, so that those of departed peers are soon dropped.
 */
const SCORE = { IPColocationFactorWeight: 0, retainScore: 60_000 };

/** A message as received, before its signature is checked. */
interface RawMessage {
  readonly topic: string;
  readonly from?: Uint8Array;
  readonly seqno?: Uint8Array;
  readonly signature?: Uint8Array;
  readonly key?: Uint8Array;
  readonly data?: Uint8Array;
}

/**
 * Message id over all bytes of a message. Each message arrives from several peers, and only the first copy's signature is
 * verified; any difference gives another id, so a forged copy cannot suppress the real message.
 */
export function gossipMessageId({ topic, from, seqno, signature, key, data }: RawMessage): string {
  const hash = createHash('sha256');
  for (const field of [Buffer.from(topic), from, seqno, signature, key, data]) {
    hash.update(`${field?.length ?? -1}:`);
    if (field) hash.update(field);
  }
  return hash.digest('base64');
}

/** The options of this node's GossipSub. */
export const GOSSIP_OPTIONS = {
  allowPublishToZeroTopicPeers: true,
  floodPublish: true,
  scoreParams: SCORE,
  // Serial handling, so that `guardGossip` can measure each message.
  awaitRpcMessageHandler: true,
  fastMsgIdFn: gossipMessageId,
  idontwantMinDataSize: LEAST_UNWANTED_BYTES,
};

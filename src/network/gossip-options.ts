import { createHash } from 'node:crypto';

/** To say that a message need not be sent takes as much work as to take a second copy of a short one. */
const LEAST_UNWANTED_BYTES = 8 << 10;

/**
 * What GossipSub thinks of peers. By default ten peers of one address are the most, and beyond that none of them is heard for an
 * hour: a stranger with a dozen identities would silence everybody in its household or on its machine. What an address may
 * cause is bounded by its budget instead. Scores decay within seconds, so that those of peers that have gone are soon dropped.
 */
const SCORE = { IPColocationFactorWeight: 0, retainScore: 60_000 };

/** A message as it came, its signature not yet checked. */
interface RawMessage {
  readonly topic: string;
  readonly from?: Uint8Array;
  readonly seqno?: Uint8Array;
  readonly signature?: Uint8Array;
  readonly key?: Uint8Array;
  readonly data?: Uint8Array;
}

/**
 * A name for all of a message's bytes: each of them comes from several peers, and only the first one's signature need be
 * checked. What differs anywhere has another name, so that nobody can hide a message behind a false one.
 */
export function nameOfMessage({ topic, from, seqno, signature, key, data }: RawMessage): string {
  const hash = createHash('sha256');
  for (const field of [Buffer.from(topic), from, seqno, signature, key, data]) {
    hash.update(`${field?.length ?? -1}:`);
    if (field) hash.update(field);
  }
  return hash.digest('base64');
}

/** How this node takes part in GossipSub. */
export const GOSSIP_OPTIONS = {
  allowPublishToZeroTopicPeers: true,
  floodPublish: true,
  scoreParams: SCORE,
  // One message after the other, so that `guardGossip` sees how long each takes.
  awaitRpcMessageHandler: true,
  fastMsgIdFn: nameOfMessage,
  idontwantMinDataSize: LEAST_UNWANTED_BYTES,
};

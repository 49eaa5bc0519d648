/** To say that a message need not be sent takes as much work as to take a second copy of a short one. */
const LEAST_UNWANTED_BYTES = 8 << 10;

/**
 * What GossipSub thinks of peers. By default ten peers of one address are the most, and beyond that none of them is heard for an
 * hour: a stranger with a dozen identities would silence everybody in its household or on its machine. What an address may
 * cause is bounded by its budget instead. Scores decay within seconds, so that those of peers that have gone are soon dropped.
 */
const SCORE = { IPColocationFactorWeight: 0, retainScore: 60_000 };

/** How this node takes part in GossipSub. */
export const GOSSIP_OPTIONS = {
  allowPublishToZeroTopicPeers: true,
  floodPublish: true,
  scoreParams: SCORE,
  // One message after the other, so that `guardGossip` sees how long each takes.
  awaitRpcMessageHandler: true,
  idontwantMinDataSize: LEAST_UNWANTED_BYTES,
};

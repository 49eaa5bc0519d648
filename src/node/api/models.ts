/** Models and how much of them the nodes hold. */
import { z } from '#base';
import { zBlockRange } from './fields.ts';
import { zSafetyState } from './security.ts';

export const zModel = z.strictObject({
  id: z.string(),
  name: z.string(),
  version: z.number(),
  licence: z.string(),
  publisher: z.string(),
  infohash: z.string(),
  bytes: z.number(),
  layers: z.number(),
  context: z.number(),
  /** Whether every block is served by a reachable node now. */
  available: z.boolean(),
  /** Whether it may be shared and run for others. */
  safety: zSafetyState,
});
export type ModelView = z.infer<typeof zModel>;

/** How much of a model a node holds, and which blocks it runs. */
export const zHolding = z.strictObject({
  modelId: z.string(),
  bytesHave: z.number(),
  bytesTotal: z.number(),
  /** Blocks [first, end) that the node runs; absent for a node that only seeds. */
  blocks: zBlockRange.exactOptional(),
});
export type HoldingView = z.infer<typeof zHolding>;

/** This node's own transfers of one model. */
export const zTransfer = z.strictObject({
  modelId: z.string(),
  infohash: z.string(),
  name: z.string(),
  bytesHave: z.number(),
  bytesTotal: z.number(),
  /** Bytes that this node needs for its roles, and how many of them it has; a client needs only a part of a model. */
  bytesWanted: z.number(),
  bytesWantedHave: z.number(),
  /** Whether every file is complete and has the manifest's SHA-256. */
  verified: z.boolean(),
  downBytesPerSecond: z.number(),
  upBytesPerSecond: z.number(),
  /** Payload bytes by peer, as measured by this node. */
  peers: z.array(
    z.strictObject({
      nodeId: z.string(),
      name: z.string(),
      downloaded: z.number(),
      uploaded: z.number(),
    }),
  ),
});
export type TransferView = z.infer<typeof zTransfer>;

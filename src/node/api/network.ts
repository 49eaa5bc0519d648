/** The network as this node sees it. */
import { z } from '#base';
import { ROLES } from '../options/roles.ts';
import { zTime } from './fields.ts';
import { zHolding, zModel, zTransfer } from './models.ts';

export const zRole = z.enum(ROLES);
export type Role = z.infer<typeof zRole>;

const zNode = z.strictObject({
  id: z.string(),
  name: z.string(),
  roles: z.array(zRole),
  state: z.enum(['online', 'unreachable']),
  /** Time of the last sign of life. */
  lastSeen: zTime,
  self: z.boolean(),
  holdings: z.array(zHolding),
});
export type NodeView = z.infer<typeof zNode>;

/** A problem of the node that its owner can fix, in words for display. */
const zNotice = z.strictObject({ code: z.string(), message: z.string(), since: zTime });
export type NoticeView = z.infer<typeof zNotice>;

/** How the node can be reached from outside, and what it has observed of that. */
export const zReach = z.strictObject({
  state: z.enum(['direct', 'hole-punched', 'relayed', 'unreachable']),
  /** What it announces. */
  addresses: z.array(z.string()).readonly(),
  /** The addresses at which strangers got through. */
  proven: z.array(z.string()).readonly(),
  /** HOST:PORT of outgoing connections as peers see them. */
  seenAs: z.array(z.string()).readonly(),
  /** Ports of the router that are mapped to this node. */
  mapped: z.array(z.string()).readonly(),
  /** Peer ids of the relays that hold a reservation. */
  relays: z.array(z.string()).readonly(),
  /** Connected peers that a hole was punched to. */
  holePunched: z.number(),
  nat: z.enum(['none', 'cone', 'symmetric', 'unknown']),
  /** What the owner can do; empty when nothing is needed. */
  advice: z.string(),
});
export type ReachView = z.infer<typeof zReach>;

export const zNetwork = z.strictObject({
  self: z.strictObject({ id: z.string(), name: z.string() }),
  /** Absent on a node that listens on loopback alone. */
  reach: zReach.optional(),
  notices: z.array(zNotice),
  nodes: z.array(zNode),
  models: z.array(zModel),
  transfers: z.array(zTransfer),
});
export type NetworkView = z.infer<typeof zNetwork>;

/** An invite as text, or as people paste it: docs/protocol/invite.md. */
export const zInviteText = z.strictObject({ invite: z.string().max(4_096) });
export type InviteView = z.infer<typeof zInviteText>;

/** `acceptRisks`: the owner has seen what INVITE_RISKY names, and wants to join. */
export const zJoin = zInviteText.extend({ acceptRisks: z.boolean().optional() });

export const zJoined = z.strictObject({ joined: z.literal(true) });

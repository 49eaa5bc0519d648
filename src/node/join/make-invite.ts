import { BitorchError, codeOf } from '#base';
import type { SigningKey } from '#crypto';
import { type Dialable, parseMultiaddr } from '#network';
import { type Checkpoint, formatInvite, type Invite, type InvitePeer, MAX_TRACKERS } from './invite.ts';
import { inviteTracker, scopeOfInvite, widestScope } from './invite-reach.ts';

/** An invite is accepted for this long. */
const VALID_MS = 30 * 24 * 3_600_000;
/** Endpoints of one node: an invite stays short, and a node rarely has more that differ. */
const ENDPOINTS = 2;

export interface InviteFacts {
  readonly self: { readonly id: string; readonly addresses: readonly string[] };
  /** Other nodes to join through, the most useful first. */
  readonly others: readonly { readonly id: string; readonly addresses: readonly string[] }[];
  readonly genesis: Uint8Array | undefined;
  readonly checkpoint: Checkpoint | undefined;
  readonly trackers: readonly string[];
  readonly authorities: readonly string[] | 'none';
  readonly unproven: 'pending' | 'cleared';
}

/**
 * An invite to this node's network, with as many other nodes to join through as fit, and the trackers that a guest may use. Throws INVITE_UNREACHABLE when this node
 * listens on loopback only and `local` is not set, and INVITE_TOO_LONG.
 */
export function makeInvite(
  facts: InviteFacts,
  { key, now, local = false }: { readonly key: SigningKey; readonly now: number; readonly local?: boolean },
): string {
  const self = peerOf(facts.self);
  if (self.addresses.every(({ scope }) => scope === 'loopback') && !local)
    throw new BitorchError(
      'INVITE_UNREACHABLE',
      'other machines cannot reach this node, which listens on loopback only: start it with --listen /ip4/0.0.0.0/tcp/0',
    );
  const others = facts.others
    .map(peerOf)
    .filter(({ id, addresses }) => id !== self.id && addresses.some((one) => fits(one, self.addresses)));
  const expires = Math.floor((now + VALID_MS) / 1000);
  const { genesis, checkpoint, authorities, unproven } = facts;
  const scope = scopeOfInvite({ peers: [self] });
  const usable = facts.trackers.flatMap((tracker) => inviteTracker(tracker, scope) ?? []);
  const trackers = [...new Set(usable)].slice(0, MAX_TRACKERS);
  for (let count = Math.min(others.length, 7); ; count--) {
    const peers = [self, ...others.slice(0, count)];
    const invite: Invite = { expires, genesis, checkpoint, peers, trackers, authorities, unproven };
    try {
      return formatInvite(invite, key);
    } catch (error) {
      if (codeOf(error) !== 'INVITE_TOO_LONG' || count === 0) throw error;
    }
  }
}

/** The endpoints of the widest scope that a node has: a guest elsewhere cannot use the narrower ones. */
function peerOf({ id, addresses }: { id: string; addresses: readonly string[] }): InvitePeer {
  const all = addresses.flatMap((address) => parseMultiaddr(address) ?? []);
  const widest = widestScope(all);
  return { id, addresses: all.filter(({ scope }) => scope === widest).slice(0, ENDPOINTS) };
}

/** Whether a guest who reaches `own` may also reach `other`. */
const fits = (other: Dialable, own: readonly Dialable[]): boolean =>
  other.scope === 'public' || own.some(({ scope }) => scope === other.scope);

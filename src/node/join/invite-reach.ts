import { BitorchError, unbracketed } from '#base';
import { type Dialable, mayDial, parseDialable, type Scope } from '#network';

/** Where an invite directs a node. The first peer has made it. */
interface Directions {
  readonly peers: readonly { readonly addresses: readonly Dialable[] }[];
  readonly trackers: readonly string[];
}

const WIDEST_FIRST: readonly Scope[] = ['public', 'private', 'link-local', 'loopback'];

/** The widest scope among a node's endpoints; undefined when it has none. */
export const widestScope = (addresses: readonly Dialable[]): Scope | undefined =>
  WIDEST_FIRST.find((scope) => addresses.some((address) => address.scope === scope));

/** Where an invite comes from: the widest scope of its maker's endpoints. */
export const scopeOfInvite = ({ peers }: Pick<Directions, 'peers'>): Scope =>
  widestScope(peers[0]?.addresses ?? []) ?? 'public';

/**
 * A tracker's announce URL in its canonical spelling; undefined when an invite of this scope may not name it. The path is
 * `/announce` and nothing else: a node asks for it unasked, and other services have paths at which a GET does something.
 */
export function inviteTracker(text: string, from: Scope): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.pathname !== '/announce') return undefined;
  if (url.username !== '' || url.password !== '' || text.includes('#')) return undefined;
  const host = unbracketed(url.hostname);
  const place = parseDialable(host, Number(url.port || (url.protocol === 'https:' ? 443 : 80)));
  return place && mayDial(place, from) ? url.href : undefined;
}

/**
 * Throws INVITE_INVALID when an invite names an address that its maker could not reach from where it is itself: an invite from the
 * internet must not direct a node to this machine or its local network (docs/protocol/network.md, "Addresses").
 */
export function requireReachable(invite: Directions): void {
  const from = scopeOfInvite(invite);
  for (const { host, scope } of invite.peers.flatMap(({ addresses }) => addresses))
    if (!mayDial({ scope }, from)) throw unreachable(host, from);
  for (const tracker of invite.trackers)
    if (inviteTracker(tracker, from) !== tracker) throw unreachable(tracker, from);
}

const unreachable = (what: string, from: Scope): BitorchError =>
  new BitorchError(
    'INVITE_INVALID',
    `this invite is refused: its maker has a ${from} address and may not direct others to ${what}. Ask for another one`,
  );

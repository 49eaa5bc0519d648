import { dropOldest } from '#base';
/** How strangers on the internet can open a connection to this node. */
export type Reachability = 'direct' | 'hole-punched' | 'relayed' | 'unreachable';

/** A fact that bears on how this node can be reached. */
export type ReachEvent =
  /** A peer with a public address opened a connection to `address` that no hole punch had prepared. */
  | { readonly type: 'dialled'; readonly address: string }
  /** A peer was asked to dial `address`, and did not get through. `by`: the address group of the peer. */
  | { readonly type: 'dial-failed'; readonly address: string; readonly by: string }
  /** A hole was punched to a peer. */
  | { readonly type: 'punched' }
  /** The number of relays that hold a reservation for this node. */
  | { readonly type: 'relays'; readonly count: number };

/** What is known of one address of this node. */
interface AddressState {
  /** When a stranger last got through, in milliseconds; undefined: never. */
  readonly dialledAt: number | undefined;
  /** Address groups of the peers that have failed since. */
  readonly failedBy: readonly string[];
}

export interface ReachState {
  readonly addresses: ReadonlyMap<string, AddressState>;
  /** When a hole was last punched, in milliseconds. */
  readonly punchedAt: number | undefined;
  readonly relays: number;
}

export const NOTHING_KNOWN: ReachState = { addresses: new Map(), punchedAt: undefined, relays: 0 };

/** A dial from outside counts for this long. It is asked for again after half of it. */
export const PROOF_MS = 60 * 60_000;
/** A punched hole says for this long that others can be punched. */
const PUNCH_MS = 60 * 60_000;
/** Groups of peers that must fail before an earlier success counts no more: one may lie, or be cut off itself. */
const FAILURES_NEEDED = 2;
const MAX_ADDRESSES = 16;

/** The state after an event. Pure; `now` in milliseconds of any monotonic clock. */
export function afterEvent(state: ReachState, event: ReachEvent, now: number): ReachState {
  switch (event.type) {
    case 'dialled':
      return withAddress(state, event.address, { dialledAt: now, failedBy: [] });
    case 'dial-failed': {
      const known = state.addresses.get(event.address);
      const failedBy = [...new Set([...(known?.failedBy ?? []), event.by])].slice(-FAILURES_NEEDED);
      const isDisproved = failedBy.length >= FAILURES_NEEDED;
      return withAddress(state, event.address, {
        failedBy,
        dialledAt: isDisproved ? undefined : known?.dialledAt,
      });
    }
    case 'punched':
      return { ...state, punchedAt: now };
    case 'relays':
      return { ...state, relays: event.count };
  }
}

/** The addresses at which strangers have got through lately. */
export const provenAddresses = ({ addresses }: ReachState, now: number): string[] =>
  [...addresses].flatMap(([address, { dialledAt }]) => (isWithin(dialledAt, PROOF_MS, now) ? [address] : []));

/** Whether several peers have failed at an address and none has got through since. */
export function isDisproved({ addresses }: ReachState, address: string): boolean {
  const known = addresses.get(address);
  return known !== undefined && known.dialledAt === undefined && known.failedBy.length >= FAILURES_NEEDED;
}

/** How the node can be reached. By hole punching only while a relay holds a reservation: that is where the peers meet. */
export function reachabilityOf(state: ReachState, now: number): Reachability {
  if (provenAddresses(state, now).length > 0) return 'direct';
  if (state.relays === 0) return 'unreachable';
  return isWithin(state.punchedAt, PUNCH_MS, now) ? 'hole-punched' : 'relayed';
}

/** Sets what is known of an address; the address that was changed longest ago makes room. */
function withAddress(state: ReachState, address: string, known: AddressState): ReachState {
  const addresses = new Map(state.addresses);
  addresses.delete(address);
  addresses.set(address, known);
  dropOldest(addresses, MAX_ADDRESSES);
  return { ...state, addresses };
}

const isWithin = (at: number | undefined, ms: number, now: number): boolean =>
  at !== undefined && now - at < ms;

import { setTimeout as delay } from 'node:timers/promises';
import type { GossipSub } from '@libp2p/gossipsub';
import type { PeerId } from '@libp2p/interface';
import { LOOP_PACE, type Pace } from '#base';
import type { Budget } from './budget.ts';

/** The fields of a GossipSub RPC that matter to the guard. */
interface Rpc {
  readonly subscriptions: readonly unknown[];
  readonly messages: readonly Message[];
  readonly control?: Control | undefined;
}

type Entries = readonly { readonly messageIDs?: readonly unknown[]; readonly peers?: readonly unknown[] }[];

/** Lists of control messages by kind. */
type Control = Readonly<Record<string, Entries | undefined>>;

interface Message {
  readonly topic: string;
  readonly data?: Uint8Array;
}

/** Members of the package's class that its types omit. */
interface Gossip {
  readonly topicValidators: ReadonlyMap<string, unknown>;
  handleReceivedRpc(from: PeerId, rpc: Rpc): Promise<void>;
  pipePeerReadStream(from: PeerId, rpcs: Rpcs): Promise<void>;
}

/** Encoded RPCs as they arrive. */
type Rpcs = AsyncIterable<{ readonly length: number }>;

/** CPU time for parsing a message and checking its signature, in milliseconds. */
const SIGNATURE_MS = 0.15;
/** Bytes of an RPC that are decoded in a millisecond at least, of many small things too. */
const DECODED_PER_MS = 32 << 10;
/** How long the next RPC of a peer without a budget is left undecoded before it is tried again, in milliseconds. */
const REST_MS = 200;
/** CPU time for a subscription, a control message, or an id in one, in milliseconds. */
const ENTRY_MS = 0.005;
/** Subscriptions of an RPC that are handled even when the peer has used up its budget: they are sent only once. */
const FREE_SUBSCRIPTIONS = 64;

/**
 * GossipSub verifies the signature of every message, and keeps the message for a while, before a validator sees it. So
 * messages on topics that this node has not joined are dropped unread, and the verification is charged to the relaying peer
 * in advance; so are subscriptions and control messages, which are dropped when it cannot pay. Messages are processed one at a
 * time at the loop's pace, since a peer can send hundreds at once; waiting messages are charged as memory held. The decoding of
 * an RPC is charged before: a peer that cannot pay is read later, so its stream fills up.
 */
export function guardGossip(
  pubsub: GossipSub,
  budgetOf: (peer: PeerId) => Budget,
  pace: Pace = LOOP_PACE,
  rest: () => Promise<unknown> = () => delay(REST_MS, undefined, { ref: false }),
): void {
  const gossip = pubsub as unknown as Gossip;
  const read = gossip.pipePeerReadStream.bind(gossip);
  gossip.pipePeerReadStream = (from, rpcs) => read(from, paidRpcs(rpcs, budgetOf(from), rest));
  const handle = gossip.handleReceivedRpc.bind(gossip);
  gossip.handleReceivedRpc = async (from, rpc) => {
    const joined = rpc.messages.filter(({ topic }) => gossip.topicValidators.has(topic));
    const budget = budgetOf(from);
    const paid = joined.slice(0, affordable(budget, joined.length, SIGNATURE_MS));
    const release = paid.length > 0 ? held(budget, paid) : () => undefined;
    try {
      await handle(from, { ...paidEntries(budget, rpc), messages: [] });
      for (const message of release ? paid : []) {
        const later = pace.wait();
        if (later) await later;
        await handle(from, { subscriptions: [], messages: [message] });
      }
    } finally {
      release?.();
    }
  };
}

async function* paidRpcs(rpcs: Rpcs, budget: Budget, rest: () => Promise<unknown>): Rpcs {
  for await (const rpc of rpcs) {
    while (affordable(budget, 1, rpc.length / DECODED_PER_MS) === 0) await rest();
    yield rpc;
  }
}

/** The subscriptions and control messages that the peer can pay for. */
function paidEntries(budget: Budget, rpc: Rpc): Rpc {
  const { subscriptions, control } = rpc;
  const lists = Object.values(control ?? {}).flatMap((list) => list ?? []);
  const inLists = lists.reduce(
    (sum, { messageIDs, peers }) => sum + 1 + (messageIDs?.length ?? 0) + (peers?.length ?? 0),
    0,
  );
  const isPaid = affordable(budget, 1, ENTRY_MS * (subscriptions.length + inLists)) === 1;
  if (isPaid) return rpc;
  return { ...rpc, subscriptions: subscriptions.slice(0, FREE_SUBSCRIPTIONS), control: undefined };
}

/** Charges waiting messages as memory held; undefined when the peer already holds too much. */
function held(budget: Budget, messages: readonly Message[]): (() => void) | undefined {
  try {
    const bytes = messages.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
    return budget.hold(bytes, messages.length);
  } catch {
    return undefined;
  }
}

/** How many of `count` operations of `ms` each the peer can pay for; these are charged. */
function affordable(budget: Budget, count: number, ms: number): number {
  for (let paid = 0; paid < count; paid++) {
    try {
      budget.run(() => undefined);
    } catch {
      return paid;
    }
    budget.spend(ms);
  }
  return count;
}

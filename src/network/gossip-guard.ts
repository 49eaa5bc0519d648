import type { GossipSub } from '@libp2p/gossipsub';
import type { PeerId } from '@libp2p/interface';
import { LOOP_PACE, type Pace } from '#base';
import type { Budget } from './budget.ts';

/** Of what a peer sends at once: the messages that it passes on. */
interface Rpc {
  readonly subscriptions: readonly unknown[];
  readonly messages: readonly Message[];
  readonly control?: unknown;
}

interface Message {
  readonly topic: string;
  readonly data?: Uint8Array;
}

/** What the package's class has, and its types leave out. */
interface Gossip {
  readonly topicValidators: ReadonlyMap<string, unknown>;
  handleReceivedRpc(from: PeerId, rpc: Rpc): Promise<void>;
}

/** What reading a message and checking its signature takes, in ms of computing. */
const SIGNATURE_MS = 0.15;

/**
 * Gossipsub checks the signature of every message, and keeps it for a while, before a validator sees it. So what comes on topics
 * that nobody here has joined is dropped unread, and the check is charged to whoever passes a message on before it is made.
 * Messages are dealt with one after the other at the loop's pace, since a peer can send hundreds at once; those that wait are
 * charged as memory held.
 */
export function guardGossip(
  pubsub: GossipSub,
  budgetOf: (peer: PeerId) => Budget,
  pace: Pace = LOOP_PACE,
): void {
  const gossip = pubsub as unknown as Gossip;
  const handle = gossip.handleReceivedRpc.bind(gossip);
  gossip.handleReceivedRpc = async (from, rpc) => {
    const joined = rpc.messages.filter(({ topic }) => gossip.topicValidators.has(topic));
    const budget = budgetOf(from);
    const paid = joined.slice(0, affordable(budget, joined.length));
    const release = paid.length > 0 ? held(budget, paid) : () => undefined;
    try {
      await handle(from, { ...rpc, messages: [] });
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

/** Charges messages that wait as memory held; undefined where the peer holds too much. */
function held(budget: Budget, messages: readonly Message[]): (() => void) | undefined {
  try {
    const bytes = messages.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
    return budget.hold(bytes, messages.length);
  } catch {
    return undefined;
  }
}

/** How many of `count` signatures may be checked; they are charged. */
function affordable(budget: Budget, count: number): number {
  for (let paid = 0; paid < count; paid++) {
    try {
      budget.run(() => undefined);
    } catch {
      return paid;
    }
    budget.spend(SIGNATURE_MS);
  }
  return count;
}

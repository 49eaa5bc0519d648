import type { GossipSub } from '@libp2p/gossipsub';
import type { PeerId } from '@libp2p/interface';
import type { Budget } from './budget.ts';

/** Of what a peer sends at once: the messages that it passes on. */
interface Rpc {
  readonly messages: readonly { readonly topic: string }[];
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
 */
export function guardGossip(pubsub: GossipSub, budgetOf: (peer: string) => Budget): void {
  const gossip = pubsub as unknown as Gossip;
  const handle = gossip.handleReceivedRpc.bind(gossip);
  gossip.handleReceivedRpc = async (from, rpc) => {
    const joined = rpc.messages.filter(({ topic }) => gossip.topicValidators.has(topic));
    const paid = joined.slice(
      0,
      joined.length > 0 ? affordable(budgetOf(from.toString()), joined.length) : 0,
    );
    return handle(from, { ...rpc, messages: paid });
  };
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

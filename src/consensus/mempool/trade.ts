import { BitorchError, toHex } from '#base';
import { type CheckTxResult, isOffence } from '../application/index.ts';
import { Allowance } from '../gossip/allowance.ts';
import { MAX_IDS, TRANSACTIONS_BYTES } from '../gossip/constants.ts';
import type { Trade } from '../gossip/gossip.ts';
import type { ChainPeer } from '../gossip/peer.ts';
import { Haste } from './haste.ts';
import { TransactionPool } from './pool.ts';

/** A transaction that was asked for is asked for again, from another peer, after this long. */
const WANT_MS = 2_000;
const OFFER_DELAY_MS = 20;
/** Refused transactions a peer may send: a second in the long run, and at once. */
const REFUSED_PER_SECOND = 2;
const REFUSED_BURST = 200;

export interface MempoolGossipDependencies {
  readonly pool: TransactionPool;
  readonly now: () => number;
  /** Every peer that is there now. */
  readonly peers: () => readonly ChainPeer[];
  readonly ban: (peer: string, reason: unknown) => void;
}

/** How transactions travel: their ids are offered to all, their bytes are sent to who asks. */
export class MempoolGossip {
  readonly #deps: MempoolGossipDependencies;
  readonly #asked = new Map<string, number>();
  readonly #patience = new WeakMap<ChainPeer, Allowance>();
  readonly #haste = new Haste();
  #fresh: Uint8Array[] = [];

  constructor(dependencies: MempoolGossipDependencies) {
    this.#deps = dependencies;
  }

  /** Takes a transaction in and tells everybody. */
  async submit(transaction: Uint8Array, from?: string): Promise<CheckTxResult> {
    const { pool } = this.#deps;
    const id = TransactionPool.idOf(transaction);
    const known = pool.has(id);
    const answer = await pool.add(transaction, from);
    if (answer.code === 0 && !known) this.#announce(id);
    return answer;
  }

  /** Tells a peer that has just come of all that waits here. */
  introduce(peer: ChainPeer): void {
    for (const ids of inChunks(this.#deps.pool.ids())) peer.offer(ids);
  }

  /**
   * Picks for one block of ours: what has been verified elsewhere too, by more than two thirds of us and our peers, so
   * that it is voted on without delay; and of the rest as many as haste allows.
   */
  picker(): (transaction: Uint8Array) => boolean {
    const peers = this.#deps.peers();
    const spend = this.#haste.spender();
    return (transaction) => {
      const id = TransactionPool.idOf(transaction);
      const holders = 1 + peers.filter((peer) => peer.holds(id)).length;
      return 3 * holders > 2 * (1 + peers.length) || spend();
    };
  }

  /** Hears how long it took to judge the block of somebody else. */
  judged(ms: number): void {
    this.#haste.learn(ms);
  }

  receive(message: Trade, peer: ChainPeer): void {
    if (message.type === 'offer') this.#consider(message.value, peer);
    else if (message.type === 'want') this.#deliver(message.value, peer);
    else for (const transaction of message.value) this.#take(transaction, peer);
  }

  #consider(ids: readonly Uint8Array[], peer: ChainPeer): void {
    const { pool, now } = this.#deps;
    const wanted = ids.filter((id) => {
      peer.noteHolds(id);
      return !pool.has(id) && now() - (this.#asked.get(toHex(id)) ?? -WANT_MS) >= WANT_MS;
    });
    if (wanted.length === 0 || !peer.send({ type: 'want', value: wanted })) return;
    for (const id of wanted) {
      this.#asked.delete(toHex(id));
      this.#asked.set(toHex(id), now());
      peer.wanted.add(toHex(id));
    }
    // Those that never came.
    for (const [name, at] of this.#asked) {
      if (now() - at < 10 * WANT_MS) break;
      this.#asked.delete(name);
      for (const other of this.#deps.peers()) other.wanted.delete(name);
    }
  }

  #deliver(ids: readonly Uint8Array[], peer: ChainPeer): void {
    const found = ids.flatMap((id) => this.#deps.pool.get(id) ?? []);
    let batch: Uint8Array[] = [];
    let bytes = 0;
    for (const transaction of found) {
      if (batch.length > 0 && bytes + transaction.length > TRANSACTIONS_BYTES) {
        peer.send({ type: 'transactions', value: batch });
        [batch, bytes] = [[], 0];
      }
      batch.push(transaction);
      bytes += transaction.length;
    }
    if (batch.length > 0) peer.send({ type: 'transactions', value: batch });
  }

  #take(transaction: Uint8Array, peer: ChainPeer): void {
    const name = toHex(TransactionPool.idOf(transaction));
    if (!peer.wanted.delete(name)) {
      this.#complain(peer, 'it was not asked for');
      return;
    }
    this.submit(transaction, peer.id).then(
      ({ code, log }) => {
        this.#asked.delete(name);
        if (isOffence(code)) this.#complain(peer, log);
      },
      () => undefined,
    );
  }

  /** Honest peers send a bad one now and then: states differ for a moment. */
  #complain(peer: ChainPeer, why: string): void {
    if (this.#patienceWith(peer).spend(1, this.#deps.now())) return;
    this.#deps.ban(peer.id, new BitorchError('TRANSACTIONS_REFUSED', `too many bad transactions: ${why}`));
  }

  #patienceWith(peer: ChainPeer): Allowance {
    const known =
      this.#patience.get(peer) ?? new Allowance(REFUSED_PER_SECOND, REFUSED_BURST, this.#deps.now());
    this.#patience.set(peer, known);
    return known;
  }

  /** Ids are gathered for a moment, so that many transactions make few messages. */
  #announce(id: Uint8Array): void {
    if (this.#fresh.push(id) > 1) return;
    setTimeout(() => {
      const ids = this.#fresh;
      this.#fresh = [];
      for (const chunk of inChunks(ids)) for (const peer of this.#deps.peers()) peer.offer(chunk);
    }, OFFER_DELAY_MS).unref();
  }
}

function* inChunks(ids: readonly Uint8Array[]): Iterable<Uint8Array[]> {
  for (let i = 0; i < ids.length; i += MAX_IDS) yield ids.slice(i, i + MAX_IDS);
}

import { randomInt } from 'node:crypto';
import { BitorchError, toHex } from '#base';
import { type CheckTxResult, isOffence, refusedFor } from '../application/index.ts';
import {
  Bans,
  type ChainPeer,
  MAX_IDS,
  TRANSACTIONS_BYTES,
  type TransactionMessage,
} from '../gossip/index.ts';
import { TransactionPool } from './pool.ts';
import { ProposalBudget } from './proposal-budget.ts';
import { Stem } from './stem.ts';
import { WantedTransactions } from './wanted-transactions.ts';

const OFFER_DELAY_MS = 20;
/** How often overdue requests are checked. */
const OVERDUE_MS = 1_000;
/** Most waiting transactions offered to a new peer: as many as it remembers. */
const MAX_INTRODUCED = 2_048;
/** Most transactions that one peer may have requested and not received. */
const MAX_UNDELIVERED = 2_048;

export interface TransactionGossipDependencies {
  readonly pool: TransactionPool;
  readonly now: () => number;
  /** The connected peers. */
  readonly peers: () => readonly ChainPeer[];
  /** A transaction that may be proposed has arrived. */
  readonly onOpen?: () => void;
  /** Unpredictable numbers from 0 to below 1. */
  readonly random?: () => number;
}

/**
 * Relays transactions. A submitted transaction first travels along a stem (`Stem`), then is broadcast: ids are
 * offered to all, bytes are sent on request. A peer that sends what only a liar can have made is excluded from the
 * exchange of transactions for a while; its consensus messages are still processed.
 */
export class TransactionGossip {
  readonly #deps: TransactionGossipDependencies;
  readonly #wanted = new WantedTransactions();
  readonly #muted = new Bans();
  readonly #budget = new ProposalBudget();
  readonly #stem: Stem;
  /** Forwarded along a stem and not known to be broadcast: hidden from peers. By id. */
  readonly #embargoed = new Map<string, Embargo>();
  /** Requested by peers, in this order. */
  readonly #undelivered = new Map<ChainPeer, Uint8Array[]>();
  #fresh: Uint8Array[] = [];
  #looking = false;

  constructor(dependencies: TransactionGossipDependencies) {
    this.#deps = dependencies;
    const { now, random = unforeseeable } = dependencies;
    this.#stem = new Stem({ now, random });
  }

  /**
   * Accepts a transaction submitted at this node and forwards it along a stem, so that the node that first offers
   * it is not its origin. A peer that submitted a false one is refused for a while: its proofs cost more than it is charged.
   * @param from the peer that submitted it, if not this node's owner
   */
  async submitByStem(transaction: Uint8Array, from?: string): Promise<CheckTxResult> {
    const { pool, now } = this.#deps;
    if (from !== undefined && this.#muted.has(from, now())) return MUTED;
    const id = TransactionPool.idOf(transaction);
    const known = pool.has(id);
    const answer = await pool.add(transaction, from);
    if (from !== undefined && isOffence(answer.code)) this.#muted.add(from, now());
    if (answer.code === 0 && !known) this.#forward(id, transaction);
    return answer;
  }

  /** Accepts a transaction and offers it to every peer. */
  async submit(transaction: Uint8Array, from?: string): Promise<CheckTxResult> {
    const id = TransactionPool.idOf(transaction);
    const known = this.#isOpenlyHere(id);
    const answer = await this.#deps.pool.add(transaction, from);
    if (answer.code === 0 && !known) this.#announce(id);
    return answer;
  }

  /** Whether a transaction that may be proposed is waiting. */
  get anyOpen(): boolean {
    for (const id of this.#deps.pool.ids()) if (!this.#embargoed.has(toHex(id))) return true;
    return false;
  }

  /** Offers the waiting transactions to a new peer. */
  introduce(peer: ChainPeer): void {
    const open: Uint8Array[] = [];
    for (const id of this.#deps.pool.ids()) {
      if (open.length === MAX_INTRODUCED) break;
      if (!this.#embargoed.has(toHex(id))) open.push(id);
    }
    for (const ids of inChunks(open)) peer.offer(ids);
  }

  /**
   * Selects transactions for one block of ours: those verified by more than two thirds of us and our peers, so that
   * voting is not delayed, and as many of the rest as the budget allows. None that is still on a stem.
   */
  picker(): (transaction: Uint8Array) => boolean {
    const peers = this.#deps.peers();
    const spend = this.#budget.spender();
    return (transaction) => {
      const id = TransactionPool.idOf(transaction);
      if (this.#embargoed.has(toHex(id))) return false;
      const holders = 1 + peers.filter((peer) => peer.holds(id)).length;
      return 3 * holders > 2 * (1 + peers.length) || spend();
    };
  }

  /** Notes how long it took to verify another proposer's block, in ms. */
  noteVerified(ms: number): void {
    this.#budget.noteVerified(ms);
  }

  receive(message: TransactionMessage, peer: ChainPeer): void {
    if (message.type === 'want') this.#queue(message.value, peer);
    else if (this.#muted.has(peer.id, this.#deps.now())) return;
    else if (message.type === 'offer') this.#consider(message.value, peer);
    else if (message.type === 'stem') void this.#receiveStem(message.value, peer);
    else for (const transaction of message.value) void this.#take(transaction, peer);
  }

  /** Whether it is in the pool, as far as peers may know. */
  #isOpenlyHere(id: Uint8Array): boolean {
    return this.#deps.pool.has(id) && !this.#embargoed.has(toHex(id));
  }

  #consider(ids: readonly Uint8Array[], peer: ChainPeer): void {
    const now = this.#deps.now();
    const wanted = ids.filter((id) => {
      if (!this.#isOpenlyHere(id)) return this.#wanted.offered(id, peer, now);
      peer.noteHolds(id);
      return false;
    });
    if (wanted.length > 0) peer.send({ type: 'want', value: wanted });
    this.#lookLater();
  }

  /** Requests overdue transactions from other peers while any are wanted. */
  #lookLater(): void {
    if (this.#looking || this.#wanted.size === 0) return;
    this.#looking = true;
    setTimeout(() => {
      this.#looking = false;
      const isHere = (id: Uint8Array) => this.#isOpenlyHere(id);
      for (const [peer, ids] of this.#wanted.overdue(this.#deps.now(), isHere, this.#deps.peers()))
        for (const value of inChunks(ids)) peer.send({ type: 'want', value });
      this.#lookLater();
    }, OVERDUE_MS).unref();
  }

  /** Sends what a peer was offered and requests, as fast as it reads. */
  #queue(ids: readonly Uint8Array[], peer: ChainPeer): void {
    const told = ids.filter((id) => peer.mayHave(id));
    const waiting = this.#undelivered.get(peer);
    if (waiting) waiting.push(...told.slice(0, MAX_UNDELIVERED - waiting.length));
    else if (told.length > 0) void this.#deliver([...told], peer);
  }

  async #deliver(queue: Uint8Array[], peer: ChainPeer): Promise<void> {
    this.#undelivered.set(peer, queue);
    while (queue.length > 0 && this.#deps.peers().includes(peer)) {
      const value = this.#batch(queue);
      if (value.length > 0) await peer.post({ type: 'transactions', value });
    }
    this.#undelivered.delete(peer);
  }

  /** Takes one message's worth of transactions off the front of the queue. */
  #batch(queue: Uint8Array[]): Uint8Array[] {
    const batch: Uint8Array[] = [];
    let bytes = 0;
    for (let id = queue[0]; id; id = queue[0]) {
      const transaction = this.#deps.pool.get(id);
      if (transaction && batch.length > 0 && bytes + transaction.length > TRANSACTIONS_BYTES) break;
      queue.shift();
      if (!transaction) continue;
      batch.push(transaction);
      bytes += transaction.length;
    }
    return batch;
  }

  /** Ignores a transaction that was not requested, or whose request has expired. */
  async #take(transaction: Uint8Array, peer: ChainPeer): Promise<void> {
    const id = TransactionPool.idOf(transaction);
    const holders = this.#wanted.delivered(id, peer);
    if (!holders) return;
    if (await this.#isTaken(this.submit(transaction, peer.id), peer))
      for (const holder of holders) holder.noteHolds(id);
  }

  /**
   * A transaction from a stem is verified and forwarded, even when the stem crosses itself. If it comes from the
   * same neighbour again, it goes in a circle and is broadcast. Peers cannot probe whether this node is the origin:
   * it behaves the same.
   */
  async #receiveStem(transaction: Uint8Array, peer: ChainPeer): Promise<void> {
    const { pool } = this.#deps;
    const id = TransactionPool.idOf(transaction);
    const embargo = this.#embargoed.get(toHex(id));
    if (!embargo && pool.has(id)) return;
    if (embargo?.from.has(peer.id)) this.#announce(id);
    else if (await this.#isTaken(pool.add(transaction, peer.id), peer)) this.#forward(id, transaction, peer);
  }

  async #isTaken(asked: Promise<CheckTxResult>, peer: ChainPeer): Promise<boolean> {
    // A failure of this node says nothing about the peer.
    const { code } = await asked.catch(() => NO_ANSWER);
    if (code === 0) peer.noteUseful();
    else if (isOffence(code)) this.#muted.add(peer.id, this.#deps.now());
    return code === 0;
  }

  /**
   * Forwards to the next node of the stem. If there is none, or it does not broadcast in time, this node
   * broadcasts.
   */
  #forward(id: Uint8Array, transaction: Uint8Array, from?: ChainPeer): void {
    const next = this.#stem.next(from, this.#deps.peers());
    if (!next?.send({ type: 'stem', value: transaction })) {
      this.#announce(id);
      return;
    }
    const name = toHex(id);
    const known = this.#embargoed.get(name);
    const timer = known?.timer ?? setTimeout(() => this.#announce(id), this.#stem.embargoMs()).unref();
    this.#embargoed.set(name, { timer, from: new Set([...(known?.from ?? []), from?.id ?? HERE]) });
  }

  /** Ids are collected for a moment, so that many transactions need few messages. */
  #announce(id: Uint8Array): void {
    clearTimeout(this.#embargoed.get(toHex(id))?.timer);
    this.#embargoed.delete(toHex(id));
    this.#deps.onOpen?.();
    if (this.#fresh.push(id) > 1) return;
    setTimeout(() => {
      const ids = this.#fresh;
      this.#fresh = [];
      for (const chunk of inChunks(ids)) for (const peer of this.#deps.peers()) peer.offer(chunk);
    }, OFFER_DELAY_MS).unref();
  }
}

/** A transaction on a stem: the peer it came from, and the timer that broadcasts it if nobody else does. */
interface Embargo {
  readonly timer: NodeJS.Timeout;
  readonly from: ReadonlySet<string>;
}

const HERE = '';
const MUTED: CheckTxResult = {
  ...refusedFor(
    new BitorchError('POOL_BUSY', 'a transaction of this peer was false: it is refused for a while'),
  ),
  priority: 0,
};
const NO_ANSWER = { code: -1 };
const unforeseeable = (): number => randomInt(2 ** 32) / 2 ** 32;

function* inChunks(ids: readonly Uint8Array[]): Iterable<Uint8Array[]> {
  for (let i = 0; i < ids.length; i += MAX_IDS) yield ids.slice(i, i + MAX_IDS);
}

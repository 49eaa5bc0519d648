import { randomInt } from 'node:crypto';
import { toHex } from '#base';
import { type CheckTxResult, isOffence } from '../application/index.ts';
import { Bans } from '../gossip/bans.ts';
import { MAX_IDS, TRANSACTIONS_BYTES } from '../gossip/constants.ts';
import type { Trade } from '../gossip/gossip.ts';
import type { ChainPeer } from '../gossip/peer.ts';
import { TransactionPool } from './pool.ts';
import { ProposalBudget } from './proposal-budget.ts';
import { Stem } from './stem.ts';
import { WantedTransactions } from './wanted-transactions.ts';

const OFFER_DELAY_MS = 20;
/** How often is looked for what was asked for and did not come. */
const OVERDUE_MS = 1_000;
/** A peer that has just come is told of so many that wait: as many as it keeps in mind. */
const MAX_INTRODUCED = 2_048;
/** Transactions that one peer may have asked for and not been sent yet. */
const MAX_UNDELIVERED = 2_048;

export interface TransactionGossipDependencies {
  readonly pool: TransactionPool;
  readonly now: () => number;
  /** Every peer that is there now. */
  readonly peers: () => readonly ChainPeer[];
  /** A transaction has come that may be proposed. */
  readonly onOpen?: () => void;
  /** From 0 to below 1, and nobody can foretell it. */
  readonly random?: () => number;
}

/**
 * How transactions travel. What is handed in goes from node to node along a stem first (`Stem`), and somewhere begins to be
 * spread: ids are offered to all, bytes are sent to who asks. Who sends what only a liar can have made is not traded with
 * for a while; what it says as a voter is heard all the same.
 */
export class TransactionGossip {
  readonly #deps: TransactionGossipDependencies;
  readonly #wanted = new WantedTransactions();
  readonly #muted = new Bans();
  readonly #budget = new ProposalBudget();
  readonly #stem: Stem;
  /** Passed on along a stem and not known to be spread: nobody is told that they are here. By id. */
  readonly #embargoed = new Map<string, Embargo>();
  /** What peers asked for, in that order. */
  readonly #undelivered = new Map<ChainPeer, Uint8Array[]>();
  #fresh: Uint8Array[] = [];
  #looking = false;

  constructor(dependencies: TransactionGossipDependencies) {
    this.#deps = dependencies;
    const { now, random = unforeseeable } = dependencies;
    this.#stem = new Stem({ now, random });
  }

  /**
   * Takes in what was handed in here. It leaves by a stem, so that who first offers it is not who began.
   * @param from who handed it in, if not this node's owner
   */
  async handIn(transaction: Uint8Array, from?: string): Promise<CheckTxResult> {
    const { pool } = this.#deps;
    const id = TransactionPool.idOf(transaction);
    const known = pool.has(id);
    const answer = await pool.add(transaction, from);
    if (answer.code === 0 && !known) this.#passOn(id, transaction);
    return answer;
  }

  /** Takes a transaction in and tells everybody. */
  async submit(transaction: Uint8Array, from?: string): Promise<CheckTxResult> {
    const id = TransactionPool.idOf(transaction);
    const known = this.#isOpenlyHere(id);
    const answer = await this.#deps.pool.add(transaction, from);
    if (answer.code === 0 && !known) this.#announce(id);
    return answer;
  }

  /** Whether a transaction waits that may be proposed. */
  get anyOpen(): boolean {
    for (const id of this.#deps.pool.ids()) if (!this.#embargoed.has(toHex(id))) return true;
    return false;
  }

  /** Tells a peer that has just come of what waits here. */
  introduce(peer: ChainPeer): void {
    const open: Uint8Array[] = [];
    for (const id of this.#deps.pool.ids()) {
      if (open.length === MAX_INTRODUCED) break;
      if (!this.#embargoed.has(toHex(id))) open.push(id);
    }
    for (const ids of inChunks(open)) peer.offer(ids);
  }

  /**
   * Picks for one block of ours: what has been verified elsewhere too, by more than two thirds of us and our peers, so
   * that it is voted on without delay; and of the rest as many as the budget allows. Nothing that is still on a stem.
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

  /** Hears how long it took to judge the block of somebody else. */
  judged(ms: number): void {
    this.#budget.learn(ms);
  }

  receive(message: Trade, peer: ChainPeer): void {
    if (message.type === 'want') this.#queue(message.value, peer);
    else if (this.#muted.has(peer.id, this.#deps.now())) return;
    else if (message.type === 'offer') this.#consider(message.value, peer);
    else if (message.type === 'stem') void this.#takeOn(message.value, peer);
    else for (const transaction of message.value) void this.#take(transaction, peer);
  }

  /** Whether it is here, as far as others may know. */
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

  /** Asks others for what did not come, as long as something is wanted. */
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

  /** Sends what a peer was told of and asks for, as fast as it reads. */
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

  /** As many as go into one message, off the front of the queue. */
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

  /** Nobody sends what was not asked for; it may have been asked for too long ago, and is of no interest then. */
  async #take(transaction: Uint8Array, peer: ChainPeer): Promise<void> {
    const id = TransactionPool.idOf(transaction);
    const holders = this.#wanted.delivered(id, peer);
    if (!holders) return;
    if (await this.#isTaken(this.submit(transaction, peer.id), peer))
      for (const holder of holders) holder.noteHolds(id);
  }

  /**
   * What comes along a stem is verified, and goes on, also when the way crosses itself. Where it comes from a neighbour again
   * it goes in a circle, and is spread: whether this node began it makes no difference that somebody could try out.
   */
  async #takeOn(transaction: Uint8Array, peer: ChainPeer): Promise<void> {
    const { pool } = this.#deps;
    const id = TransactionPool.idOf(transaction);
    const embargo = this.#embargoed.get(toHex(id));
    if (!embargo && pool.has(id)) return;
    if (embargo?.from.has(peer.id)) this.#announce(id);
    else if (await this.#isTaken(pool.add(transaction, peer.id), peer)) this.#passOn(id, transaction, peer);
  }

  async #isTaken(asked: Promise<CheckTxResult>, peer: ChainPeer): Promise<boolean> {
    // What goes wrong here says nothing about the peer.
    const { code } = await asked.catch(() => NO_ANSWER);
    if (code === 0) peer.noteUseful();
    else if (isOffence(code)) this.#muted.add(peer.id, this.#deps.now());
    return code === 0;
  }

  /** To the next node of the stem; if that does not spread it in time, or there is none, it is spread from here. */
  #passOn(id: Uint8Array, transaction: Uint8Array, from?: ChainPeer): void {
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

  /** Ids are gathered for a moment, so that many transactions make few messages. */
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

/** A transaction on a stem: whom it came from, and what spreads it when nobody else does. */
interface Embargo {
  readonly timer: NodeJS.Timeout;
  readonly from: ReadonlySet<string>;
}

const HERE = '';
const NO_ANSWER = { code: -1 };
const unforeseeable = (): number => randomInt(2 ** 32) / 2 ** 32;

function* inChunks(ids: readonly Uint8Array[]): Iterable<Uint8Array[]> {
  for (let i = 0; i < ids.length; i += MAX_IDS) yield ids.slice(i, i + MAX_IDS);
}

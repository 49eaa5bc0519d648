import { BitorchError, toHex } from '#base';
import { rulesOf } from './actions/registry.ts';
import { encode } from './codec/index.ts';
import { KEY_BYTES } from './constants.ts';
import { refusalOf } from './errors.ts';
import type { Ledger } from './ledger.ts';
import { applyTransaction, isFree, leastFee, requireFee, requireShape, shareFee } from './state/apply.ts';
import { keyImages } from './state/buckets.ts';
import { Draft } from './state/draft.ts';
import type { Points, Spend } from './state/spending.ts';
import type { Transaction } from './transaction/transaction.ts';

export interface MempoolOptions {
  /** Bytes of transactions held, at most. */
  readonly maxBytes?: number;
  readonly maxCount?: number;
}

interface Waiting {
  readonly transaction: Transaction;
  readonly points: Points;
  readonly claims: readonly string[];
}

/** What a block is made for. */
export interface Selection {
  readonly proposer?: Uint8Array;
  readonly maxBytes?: number;
  readonly framing?: number;
  readonly others?: readonly Transaction[];
  /** Asked about each that waits here and would go in. */
  readonly picks?: ((transaction: Uint8Array) => boolean) | undefined;
}

/** Above what any fee pays: what is free is rare, small, and waits for nobody. */
const FIRST = 2n ** 96n;

/** Sparks a unit of weight, in millionths, to order by. */
export const rateOf = (transaction: Transaction): bigint =>
  isFree(transaction) ? FIRST : (transaction.body.fee * 1_000_000n) / BigInt(transaction.weight);

/**
 * Transactions that wait for a block. One is taken in only after all its proofs are verified, once; afterwards it is
 * judged against the state again for each block, without them. Of two that spend the same output the first stays.
 */
export class Mempool {
  readonly #ledger: Ledger;
  readonly #maxBytes: number;
  readonly #maxCount: number;
  readonly #waiting = new Map<string, Waiting>();
  readonly #claimed = new Set<string>();
  #bytes = 0;

  constructor(ledger: Ledger, { maxBytes = 64 * 2 ** 20, maxCount = 50_000 }: MempoolOptions = {}) {
    this.#ledger = ledger;
    this.#maxBytes = maxBytes;
    this.#maxCount = maxCount;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(id: Uint8Array): boolean {
    return this.#waiting.has(toHex(id));
  }

  /**
   * Everything that `add` checks but the spend proofs, which cost most of it by far: to be asked before somebody
   * verifies them elsewhere and notes the verdict in the ledger's `verified`. Throws as `add`.
   */
  examine(bytes: Uint8Array): Spend {
    const { transaction, points } = this.#examine(bytes);
    return { transaction, points };
  }

  /**
   * Takes a transaction in, from the cheapest check to the dearest.
   *
   * @throws BitorchError `CODEC_INVALID`, `TRANSACTION_INVALID`, `MEMPOOL_KNOWN`, `MEMPOOL_CONFLICT` when it claims
   * what another one here claims, `MEMPOOL_FULL` when it pays no more than what is in a full pool
   */
  add(bytes: Uint8Array): Transaction {
    const { state, spends, verified } = this.#ledger;
    const { places, ...waiting } = this.#examine(bytes);
    const { transaction, points } = waiting;
    const { id } = transaction.hashes;
    if (transaction.proofs.spend && !verified.has(id)) spends.verify(state, [{ transaction, points }]);
    verified.add(id);
    for (const place of places) this.#remove(place);
    this.#insert(waiting);
    return transaction;
  }

  #examine(bytes: Uint8Array): Waiting & { readonly places: readonly string[] } {
    const { state, spends, head, curve } = this.#ledger;
    const transaction = this.#ledger.parse(bytes);
    if (this.has(transaction.hashes.id))
      throw new BitorchError('MEMPOOL_KNOWN', 'the transaction is here already');
    const draft = new Draft(state, head.height + 1, curve);
    requireShape(transaction, draft.height, draft.parameters);
    requireFee(state, transaction);
    const places = this.#placesFor(transaction);
    const points = spends.resolve(transaction);
    const claims = claimsOf(transaction, points, draft);
    if (claims.some((claim) => this.#claimed.has(claim))) {
      throw new BitorchError(
        'MEMPOOL_CONFLICT',
        'another waiting transaction spends the same, or acts for the same key',
      );
    }
    applyTransaction(draft, transaction, points);
    return { transaction, points, claims, places };
  }

  /**
   * Transactions for the next block, best paid first, that hold one after the other and fit into its weight and into
   * `maxBytes` with `framing` bytes around each. `others` are verified ones that wait elsewhere.
   */
  select({
    proposer,
    maxBytes = Number.MAX_SAFE_INTEGER,
    framing = 0,
    others = [],
    picks = () => true,
  }: Selection = {}): Transaction[] {
    const { state, head, curve, spends } = this.#ledger;
    const draft = new Draft(state, head.height + 1, curve);
    let weightLeft = draft.parameters.maxBlockWeight;
    let bytesLeft = maxBytes;
    const chosen: Transaction[] = [];
    for (const { transaction, points } of byRate([...this.#waiting.values()], others)) {
      const size = transaction.bytes.length + framing;
      if (transaction.weight > weightLeft || size > bytesLeft) continue;
      if (points && !picks(transaction.bytes)) continue;
      const fork = draft.fork();
      const refusal = refusalOf(() =>
        applyTransaction(fork, transaction, points ?? spends.resolve(transaction)),
      );
      if (refusal) continue;
      shareFee(fork, transaction, proposer);
      draft.adopt(fork);
      chosen.push(transaction);
      weightLeft -= transaction.weight;
      bytesLeft -= size;
    }
    return chosen;
  }

  /** After each commit: forgets what the block held, and what can be in no block any more. */
  prune(): void {
    for (const [id, waiting] of [...this.#waiting]) if (!this.#hasFuture(waiting)) this.#remove(id);
  }

  /**
   * Whether a block to come may hold it. A plain transfer stays good until it expires or its outputs are spent; only
   * what acts on accounts has to be tried again. A fee too low for the next block may do for a later one.
   */
  #hasFuture({ transaction, points }: Waiting): boolean {
    const { state, head, curve } = this.#ledger;
    const { body } = transaction;
    if (body.expiry <= head.height || points.keyImages.some((image) => keyImages.has(state, image)))
      return false;
    if (body.actions.length === 0 || body.fee < leastFee(state, transaction)) return true;
    const draft = new Draft(state, head.height + 1, curve);
    return !refusalOf(() => applyTransaction(draft, transaction, points));
  }

  /** Ids that have to go so that the transaction fits: the worst paid, if they pay less than it. */
  #placesFor(transaction: Transaction): string[] {
    const rate = rateOf(transaction);
    let bytes = this.#bytes + transaction.bytes.length - this.#maxBytes;
    let count = this.#waiting.size + 1 - this.#maxCount;
    const out: string[] = [];
    if (bytes <= 0 && count <= 0) return out;
    for (const { transaction: worst } of byRate([...this.#waiting.values()]).reverse()) {
      if (bytes <= 0 && count <= 0) return out;
      if (rateOf(worst) >= rate) break;
      out.push(toHex(worst.hashes.id));
      bytes -= worst.bytes.length;
      count--;
    }
    if (bytes <= 0 && count <= 0) return out;
    throw new BitorchError('MEMPOOL_FULL', 'the pool is full of transactions that pay at least as much');
  }

  #insert(waiting: Waiting): void {
    const id = toHex(waiting.transaction.hashes.id);
    this.#waiting.set(id, waiting);
    for (const claim of waiting.claims) this.#claimed.add(claim);
    this.#bytes += waiting.transaction.bytes.length;
  }

  #remove(id: string): void {
    const waiting = this.#waiting.get(id)!;
    this.#waiting.delete(id);
    for (const claim of waiting.claims) this.#claimed.delete(claim);
    this.#bytes -= waiting.transaction.bytes.length;
  }
}

/** Best paid first; of equals the smaller id, so that every node orders them alike. A transaction twice comes once. */
function byRate(
  waiting: readonly Waiting[],
  others: readonly Transaction[] = [],
): { readonly transaction: Transaction; readonly points?: Points }[] {
  const all = [...others.map((transaction) => ({ transaction })), ...waiting];
  const byId = new Map(
    all.map((entry) => [toHex(entry.transaction.hashes.id), { ...entry, rate: rateOf(entry.transaction) }]),
  );
  const rated = [...byId.entries()].sort(([a, { rate: x }], [b, { rate: y }]) =>
    x === y ? (a < b ? -1 : 1) : x > y ? -1 : 1,
  );
  return rated.map(([, entry]) => entry);
}

/**
 * What only one waiting transaction may lay hands on: its key images; and without inputs, where a variant costs its
 * maker nothing, the account it is about together with the keys that sign.
 */
function claimsOf({ body }: Transaction, points: Points, { view, height }: Draft): string[] {
  if (points.keyImages.length > 0) return points.keyImages.map(toHex);
  return body.actions.map((action) => {
    const rules = rulesOf(action);
    const account = encode(rules.codec, action.body).subarray(0, KEY_BYTES);
    const signers = rules.signers(action.body, view, height);
    return [Uint8Array.of(rules.type), account, ...signers].map(toHex).join('/');
  });
}

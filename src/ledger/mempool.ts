import { BitorchError, fromHex, messageOf, sha256, toHex } from '#base';
import { feeRecord, parametersOf } from './accounts/index.ts';
import { keyImageRange, keyImages, spends as spendRecords } from './buckets.ts';
import { claimsOf } from './claims.ts';
import { MAX_TRANSACTION_BYTES } from './constants.ts';
import { deferring, type Equivocation } from './equivocation.ts';
import { isForged, refusalOf } from './errors.ts';
import type { Ledger } from './ledger.ts';
import { before, RateIndex } from './rate-index.ts';
import { applyTransaction, isFree, leastFee, requireShape, shareFee } from './state/apply.ts';
import { Draft } from './state/draft.ts';
import type { Points, Spend } from './state/spending.ts';
import type { Transaction } from './transaction/transaction.ts';

export interface MempoolOptions {
  /** Bytes of transactions held, at most. */
  readonly maxBytes?: number;
  readonly maxCount?: number;
}

/** A transaction that passed every check except verification of its spend proofs. */
export interface Candidate extends Spend {
  /** Hexadecimal of the sha256 of its bytes. */
  readonly name: string;
  /** See `rateOf`. */
  readonly rate: bigint;
  /** Exclusive claims, see `claimsOf`: at most one waiting transaction has each. */
  readonly claims: readonly string[];
  /** Height of the head against which it was checked. */
  readonly height: number;
  /** Evidence whose signatures are still to be verified, see `examine`. */
  readonly unproven: readonly Equivocation[];
}

/** Options of `Mempool.select`. */
export interface Selection {
  /** Consensus key that receives the tips. */
  readonly proposer?: Uint8Array;
  /** Limit on the bytes of the block. */
  readonly maxBytes?: number;
  /** Bytes of framing around each transaction, counted against `maxBytes`. */
  readonly framing?: number;
  /** Verified transactions from outside the mempool. */
  readonly others?: readonly Transaction[];
  /** Filter on transactions of the mempool. */
  readonly picks?: ((transaction: Uint8Array) => boolean) | undefined;
}

/** Rate of free transactions, above any possible fee: they are rare and small, and go first. */
const FIRST = 2n ** 96n;
const MILLION = 1_000_000n;
/** A transaction replaces conflicting ones only if it pays at least 9/8 of their fee. */
const [RAISE, RAISE_OF] = [9n, 8n];
/** No transaction is lighter, so a block with less room is full. */
const LEAST_WEIGHT = 64;
/** Maximum transactions that one selection examines. */
const MOST_LOOKED_AT = 10_000;
/**
 * Transactions that one selection finds invalid, and transactions with actions that are rechecked after each block, in rotation:
 * at most so many, and not much more weight than a block may have, because a check takes as long as the weight is high.
 */
const MOST_MISSES = 256;
const MOST_RETRIED = 100;

/** Fee rate in millionths of a spark per unit of weight. */
export const rateOf = (transaction: Transaction): bigint =>
  isFree(transaction) ? FIRST : (transaction.body.fee * MILLION) / BigInt(transaction.weight);

/**
 * The transactions that wait for a block, highest fee rate first. A transaction enters after all its proofs are verified, once;
 * afterwards only its other rules are checked again against new states.
 *
 * A full mempool evicts its lowest rates for a transaction that pays more. Of two transactions that spend the same output the
 * first stays, unless the second pays an eighth more, both per unit of weight and in total.
 */
export class Mempool {
  readonly #ledger: Ledger;
  readonly #maxBytes: number;
  readonly #maxCount: number;
  readonly #waiting = new Map<string, Candidate>();
  readonly #byRate = new RateIndex<Candidate>();
  /** The transaction that holds each claim. */
  readonly #claims = new Map<string, Candidate>();
  readonly #byExpiry = new Map<number, Set<Candidate>>();
  /** Transactions with actions, the one rechecked longest ago first. */
  readonly #acting = new Set<Candidate>();
  #spendsSeen: number;
  #bytes = 0;

  constructor(ledger: Ledger, { maxBytes = 64 * 2 ** 20, maxCount = 50_000 }: MempoolOptions = {}) {
    this.#ledger = ledger;
    this.#maxBytes = maxBytes;
    this.#maxCount = maxCount;
    this.#spendsSeen = keyImageRange.count(ledger.state);
  }

  /** The id by which nodes announce a transaction: sha256 of its bytes, known before they are parsed. */
  static idOf(bytes: Uint8Array): Uint8Array {
    return sha256(bytes);
  }

  get size(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @param id see `idOf` */
  has(id: Uint8Array): boolean {
    return this.#waiting.has(toHex(id));
  }

  /** The bytes of a waiting transaction. */
  get(id: Uint8Array): Uint8Array | undefined {
    return this.#waiting.get(toHex(id))?.transaction.bytes;
  }

  /** Highest rate first. Do not change the mempool while iterating. */
  *ids(): Iterable<Uint8Array> {
    for (const { name } of this.#byRate.descending()) yield fromHex(name);
  }

  /**
   * Runs every check except verification of the spend proofs, which costs most by far, from cheapest to most expensive. Call it
   * before verifying the proofs. Throws CODEC_INVALID, MEMPOOL_KNOWN, TRANSACTION_EXPIRED, FEE_TOO_LOW (for the next block),
   * MEMPOOL_FULL (it pays no more than the others), MEMPOOL_CONFLICT (a waiting transaction has the same claim and it does not
   * pay an eighth more), OUTPUT_SPENT, PROOFS_INVALID (a signature or evidence is forged) or TRANSACTION_INVALID when it fails.
   * @param defer leave the signatures of evidence to another thread, see `Candidate.unproven`: they can take 40 ms
   */
  examine(bytes: Uint8Array, { defer = false } = {}): Candidate {
    if (bytes.length > MAX_TRANSACTION_BYTES)
      throw new BitorchError(
        'CODEC_INVALID',
        `a transaction of ${bytes.length} bytes is over the limit of ${MAX_TRANSACTION_BYTES}`,
      );
    const name = toHex(Mempool.idOf(bytes));
    if (this.#waiting.has(name)) throw known();
    return this.#judge(name, this.#ledger.parse(bytes), defer);
  }

  /** Adds a candidate with verified proofs; checks it again if the head has changed or evidence was deferred. Throws as `examine`. */
  admit(candidate: Candidate): void {
    const { name, transaction, height, unproven } = candidate;
    if (this.#waiting.has(name)) throw known();
    const isJudged = height === this.#ledger.head.height && unproven.length === 0;
    const current = isJudged ? candidate : this.#judge(name, transaction);
    for (const displaced of this.#displacedBy(current)) this.#remove(displaced);
    this.#insert(current);
  }

  /** Adds a transaction, verifying its proofs in this thread. Throws what `examine` throws. */
  add(bytes: Uint8Array): Transaction {
    const { state, spends, verified } = this.#ledger;
    const candidate = this.examine(bytes);
    const { transaction } = candidate;
    const { id } = transaction.hashes;
    if (transaction.proofs.spend && !verified.has(id)) spends.verify(state, [candidate]);
    verified.add(id);
    this.admit(candidate);
    return transaction;
  }

  #judge(name: string, transaction: Transaction, defer = false): Candidate {
    const { state, spends, head, curve } = this.#ledger;
    const { body } = transaction;
    if (body.expiry <= head.height)
      throw new BitorchError(
        'TRANSACTION_EXPIRED',
        'the transaction has expired: sign it again with a later expiry',
      );
    const unproven: Equivocation[] = [];
    const proves = defer ? deferring(unproven) : undefined;
    const draft = new Draft(state, { height: head.height + 1, curve, proves });
    requireShape(transaction, draft.height, draft.parameters);
    const least = leastFee(state, transaction);
    if (body.fee < least)
      throw new BitorchError(
        'FEE_TOO_LOW',
        `the fee of ${body.fee} sparks is too low: the minimum is ${least}`,
      );
    const rate = rateOf(transaction);
    this.#worstPaid(rate, transaction.bytes.length, 1);
    const points = spends.resolve(transaction);
    const claims = claimsOf(transaction, points, draft);
    const candidate = { name, transaction, points, rate, claims, height: head.height, unproven };
    this.#rivalsOf(candidate);
    if (points.keyImages.some((image) => keyImages.has(state, image)))
      throw new BitorchError('OUTPUT_SPENT', 'an input is already spent by a transaction in a block');
    try {
      applyTransaction(draft, transaction, points);
    } catch (error) {
      throw isForged(error) ? new BitorchError('PROOFS_INVALID', messageOf(error)) : error;
    }
    return candidate;
  }

  /**
   * Selects transactions for the next block, highest rate first, that are valid in sequence and fit into its weight and into
   * `maxBytes`. Drops those found to be permanently invalid.
   */
  select({
    proposer,
    maxBytes = Number.MAX_SAFE_INTEGER,
    framing = 0,
    others = [],
    picks = () => true,
  }: Selection = {}): Transaction[] {
    const { state, head, curve, spends } = this.#ledger;
    const draft = new Draft(state, { height: head.height + 1, curve });
    const leastRate = feeRecord.bucket.get(state, null)!.base * MILLION;
    let weightLeft = draft.parameters.maxBlockWeight;
    let bytesLeft = maxBytes;
    let looked = 0;
    let missed = 0;
    const chosen: Transaction[] = [];
    const misses: Candidate[] = [];
    for (const { name, transaction, points, rate } of merged(
      this.#byRate.descending(),
      this.#notWaiting(others),
    )) {
      if (weightLeft < LEAST_WEIGHT || bytesLeft < LEAST_WEIGHT || rate < leastRate) break;
      if (misses.length === MOST_MISSES || missed > draft.parameters.maxBlockWeight) break;
      if (looked++ === MOST_LOOKED_AT) break;
      const size = transaction.bytes.length + framing;
      if (transaction.weight > weightLeft || size > bytesLeft) continue;
      if (points && !picks(transaction.bytes)) continue;
      const fork = draft.fork();
      const refusal = refusalOf(() =>
        applyTransaction(fork, transaction, points ?? spends.resolve(transaction)),
      );
      if (refusal) {
        missed += transaction.weight;
        const own = this.#waiting.get(name);
        if (own) misses.push(own);
        continue;
      }
      shareFee(fork, transaction, proposer);
      draft.adopt(fork);
      chosen.push(transaction);
      weightLeft -= transaction.weight;
      bytesLeft -= size;
    }
    for (const miss of misses) if (!this.#hasFuture(miss)) this.#remove(miss);
    return chosen;
  }

  /** Call after each commit. Drops transactions whose inputs were spent, expired ones, and invalid ones among those rechecked. */
  prune(): void {
    const { state, head } = this.#ledger;
    const count = keyImageRange.count(state);
    for (const [, { keyImage }] of spendRecords.entries(state, { from: this.#spendsSeen, to: count })) {
      const spent = this.#claims.get(toHex(keyImage));
      if (spent) this.#remove(spent);
    }
    this.#spendsSeen = count;
    // Bounded: there are at most `expiryWindow` distinct expiry heights.
    for (const [expiry, late] of this.#byExpiry) {
      if (expiry <= head.height) for (const one of [...late]) this.#remove(one);
    }
    let weightLeft = parametersOf(state).maxBlockWeight;
    for (const acting of [...firstOf(this.#acting, MOST_RETRIED)]) {
      if (weightLeft < 0) break;
      weightLeft -= acting.transaction.weight;
      this.#acting.delete(acting);
      this.#acting.add(acting);
      if (!this.#hasFuture(acting)) this.#remove(acting);
    }
  }

  /**
   * Whether a later block can include it. A plain transfer stays valid until it expires or its inputs are spent; only actions
   * on accounts need a new check. A fee too low for the next block may be enough for a later one.
   */
  #hasFuture({ transaction, points }: Candidate): boolean {
    const { state, head, curve } = this.#ledger;
    const { body } = transaction;
    if (body.expiry <= head.height || points.keyImages.some((image) => keyImages.has(state, image)))
      return false;
    if (body.actions.length === 0 || body.fee < leastFee(state, transaction)) return true;
    const draft = new Draft(state, { height: head.height + 1, curve });
    return !refusalOf(() => applyTransaction(draft, transaction, points));
  }

  /** Those of `others` that are not in the mempool, highest rate first. */
  #notWaiting(others: readonly Transaction[]): Choice[] {
    const found = new Map<string, Choice>();
    for (const transaction of others) {
      const name = toHex(Mempool.idOf(transaction.bytes));
      if (!this.#waiting.has(name))
        found.set(name, { name, transaction, points: undefined, rate: rateOf(transaction) });
    }
    return [...found.values()].sort((a, b) => (before(a, b) ? -1 : 1));
  }

  /** The transactions that the candidate displaces. Throws MEMPOOL_CONFLICT or MEMPOOL_FULL when it cannot displace them. */
  #displacedBy(candidate: Candidate): Candidate[] {
    const rivals = this.#rivalsOf(candidate);
    const freed = rivals.reduce((sum, { transaction }) => sum + transaction.bytes.length, 0);
    const length = candidate.transaction.bytes.length - freed;
    const worst = this.#worstPaid(candidate.rate, length, 1 - rivals.length, new Set(rivals));
    return [...rivals, ...worst];
  }

  /** Transactions with the same claims. Throws MEMPOOL_CONFLICT when the candidate may not replace them. */
  #rivalsOf({ claims, rate, transaction }: Candidate): Candidate[] {
    const rivals = [...new Set(claims.flatMap((claim) => this.#claims.get(claim) ?? []))];
    const total = rivals.reduce((sum, rival) => sum + rival.transaction.body.fee, 0n);
    const paysMore =
      rivals.every((rival) => rate * RAISE_OF >= rival.rate * RAISE) &&
      transaction.body.fee * RAISE_OF >= total * RAISE;
    if (rivals.length === 0 || (paysMore && !isFree(transaction))) return rivals;
    throw new BitorchError(
      'MEMPOOL_CONFLICT',
      'another waiting transaction spends the same output or acts for the same key',
    );
  }

  /**
   * The lowest-rate transactions to evict for `bytes` more bytes and `count` more transactions, all below `rate`. Throws
   * MEMPOOL_FULL when they do not free enough.
   */
  #worstPaid(rate: bigint, bytes: number, count: number, besides?: ReadonlySet<Candidate>): Candidate[] {
    let bytesOver = this.#bytes + bytes - this.#maxBytes;
    let countOver = this.#waiting.size + count - this.#maxCount;
    const out: Candidate[] = [];
    if (bytesOver <= 0 && countOver <= 0) return out;
    for (const worst of this.#byRate.ascending()) {
      if (worst.rate >= rate) break;
      if (besides?.has(worst)) continue;
      out.push(worst);
      bytesOver -= worst.transaction.bytes.length;
      countOver--;
      if (bytesOver <= 0 && countOver <= 0) return out;
    }
    throw new BitorchError('MEMPOOL_FULL', 'the mempool is full of transactions that pay at least as much');
  }

  #insert(candidate: Candidate): void {
    const { body, bytes } = candidate.transaction;
    this.#waiting.set(candidate.name, candidate);
    this.#byRate.insert(candidate);
    for (const claim of candidate.claims) this.#claims.set(claim, candidate);
    const expiring = this.#byExpiry.get(body.expiry) ?? new Set();
    this.#byExpiry.set(body.expiry, expiring.add(candidate));
    if (body.actions.length > 0) this.#acting.add(candidate);
    this.#bytes += bytes.length;
  }

  #remove(candidate: Candidate): void {
    if (!this.#waiting.delete(candidate.name)) return;
    const { body, bytes } = candidate.transaction;
    this.#byRate.delete(candidate);
    for (const claim of candidate.claims) this.#claims.delete(claim);
    const expiring = this.#byExpiry.get(body.expiry)!;
    expiring.delete(candidate);
    if (expiring.size === 0) this.#byExpiry.delete(body.expiry);
    this.#acting.delete(candidate);
    this.#bytes -= bytes.length;
  }
}

function* firstOf<T>(all: Iterable<T>, count: number): Generator<T> {
  for (const one of all) {
    if (count-- === 0) return;
    yield one;
  }
}

const known = (): BitorchError =>
  new BitorchError('MEMPOOL_KNOWN', 'the transaction is already waiting in the mempool');

/** A transaction to select; `points` is undefined for one from outside the mempool. */
interface Choice extends Pick<Candidate, 'name' | 'transaction' | 'rate'> {
  readonly points: Points | undefined;
}

/** Merges two sorted sequences. */
function* merged(waiting: Generator<Choice>, others: readonly Choice[]): Generator<Choice> {
  let next = 0;
  for (const one of waiting) {
    while (next < others.length && before(others[next]!, one)) yield others[next++]!;
    yield one;
  }
  yield* others.slice(next);
}

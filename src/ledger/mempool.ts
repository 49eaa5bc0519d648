import { BitorchError, fromHex, messageOf, sha256, toHex } from '#base';
import { feeRecord } from './accounts/index.ts';
import { rulesOf } from './actions/registry.ts';
import { encode } from './codec/index.ts';
import { KEY_BYTES, MAX_TRANSACTION_BYTES } from './constants.ts';
import { isForged, refusalOf } from './errors.ts';
import type { Ledger } from './ledger.ts';
import { before, RateIndex } from './rate-index.ts';
import { applyTransaction, isFree, leastFee, requireShape, shareFee } from './state/apply.ts';
import { keyImageRange, keyImages, spends as spendRecords } from './state/buckets.ts';
import { Draft } from './state/draft.ts';
import type { Points, Spend } from './state/spending.ts';
import type { Transaction } from './transaction/transaction.ts';

export interface MempoolOptions {
  /** Bytes of transactions held, at most. */
  readonly maxBytes?: number;
  readonly maxCount?: number;
}

/** A transaction that passed every check but that of its spend proofs. */
export interface Candidate extends Spend {
  /** Hexadecimal of the sha256 of its bytes. */
  readonly name: string;
  /** See `rateOf`. */
  readonly rate: bigint;
  /** What only one waiting transaction may lay hands on. */
  readonly claims: readonly string[];
  /** The head that it was judged on. */
  readonly height: number;
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
const MILLION = 1_000_000n;
/** To take the place of what conflicts with it, a transaction pays this much more: an eighth. */
const [RAISE, RAISE_OF] = [9n, 8n];
/** No transaction is lighter; a block with less room is full. */
const LEAST_WEIGHT = 64;
/** Transactions that one selection looks at, and those of them that turn out not to hold, at most. */
const MOST_LOOKED_AT = 10_000;
const MOST_MISSES = 256;
/** Transactions with actions that are tried again after a block, each in its turn. */
const RETRIED = 100;

/** Sparks a unit of weight, in millionths, to order by. */
export const rateOf = (transaction: Transaction): bigint =>
  isFree(transaction) ? FIRST : (transaction.body.fee * MILLION) / BigInt(transaction.weight);

/**
 * The transactions that wait for a block, best paid first: the only place of a node that knows them. One is taken in
 * after all its proofs are verified, once; afterwards it is judged against the state again for each block, without them.
 *
 * Fees decide: a full pool gives up its worst paid for one that pays more, and of two that spend the same output the
 * first stays, unless the second pays an eighth more for each unit of weight and in all.
 */
export class Mempool {
  readonly #ledger: Ledger;
  readonly #maxBytes: number;
  readonly #maxCount: number;
  readonly #waiting = new Map<string, Candidate>();
  readonly #byRate = new RateIndex<Candidate>();
  /** Who holds a claim. */
  readonly #claims = new Map<string, Candidate>();
  readonly #byExpiry = new Map<number, Set<Candidate>>();
  /** Those with actions, the one tried longest ago first. */
  readonly #acting = new Set<Candidate>();
  #spendsSeen: number;
  #bytes = 0;

  constructor(ledger: Ledger, { maxBytes = 64 * 2 ** 20, maxCount = 50_000 }: MempoolOptions = {}) {
    this.#ledger = ledger;
    this.#maxBytes = maxBytes;
    this.#maxCount = maxCount;
    this.#spendsSeen = keyImageRange.count(ledger.state);
  }

  /** The id by which nodes offer a transaction: known before its bytes are read. */
  static idOf(bytes: Uint8Array): Uint8Array {
    return sha256(bytes);
  }

  get size(): number {
    return this.#waiting.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @param id as `idOf` gives it */
  has(id: Uint8Array): boolean {
    return this.#waiting.has(toHex(id));
  }

  /** The bytes of a transaction that waits. */
  get(id: Uint8Array): Uint8Array | undefined {
    return this.#waiting.get(toHex(id))?.transaction.bytes;
  }

  /** Best paid first; to be read at once. */
  *ids(): Iterable<Uint8Array> {
    for (const { name } of this.#byRate.descending()) yield fromHex(name);
  }

  /**
   * Every check but that of the spend proofs, which costs most of it by far, from the cheapest to the dearest: to be
   * asked before somebody verifies them.
   *
   * @throws BitorchError `CODEC_INVALID`, `MEMPOOL_KNOWN`, `TRANSACTION_EXPIRED`, `FEE_TOO_LOW` for the next block,
   * `MEMPOOL_FULL` when it pays no more than what is in a full pool, `MEMPOOL_CONFLICT` when another one here claims
   * the same and it does not pay an eighth more, `OUTPUT_SPENT` when a block holds such a one, `TRANSACTION_INVALID`,
   * `PROOFS_INVALID` for evidence that nobody has signed
   */
  examine(bytes: Uint8Array): Candidate {
    if (bytes.length > MAX_TRANSACTION_BYTES)
      throw new BitorchError('CODEC_INVALID', `a transaction of ${bytes.length} bytes is too long`);
    const name = toHex(Mempool.idOf(bytes));
    if (this.#waiting.has(name)) throw known();
    return this.#judge(name, this.#ledger.parse(bytes));
  }

  /** Takes in a candidate whose proofs hold, judged again if blocks have come since. Throws as `examine`. */
  admit(candidate: Candidate): void {
    if (this.#waiting.has(candidate.name)) throw known();
    const { height } = this.#ledger.head;
    const current =
      candidate.height === height ? candidate : this.#judge(candidate.name, candidate.transaction);
    for (const displaced of this.#displacedBy(current)) this.#remove(displaced);
    this.#insert(current);
  }

  /** Takes a transaction in, verifying its proofs in this thread. Throws as `examine`. */
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

  #judge(name: string, transaction: Transaction): Candidate {
    const { state, spends, head, curve } = this.#ledger;
    const { body } = transaction;
    if (body.expiry <= head.height)
      throw new BitorchError('TRANSACTION_EXPIRED', 'too late for it: sign it again with a later expiry');
    const draft = new Draft(state, head.height + 1, curve);
    requireShape(transaction, draft.height, draft.parameters);
    const least = leastFee(state, transaction);
    if (body.fee < least)
      throw new BitorchError('FEE_TOO_LOW', `the fee is too low: ${body.fee} sparks, the least is ${least}`);
    const rate = rateOf(transaction);
    this.#worstPaid(rate, transaction.bytes.length, 1);
    const points = spends.resolve(transaction);
    const claims = claimsOf(transaction, points, draft);
    const candidate = { name, transaction, points, rate, claims, height: head.height };
    this.#rivalsOf(candidate);
    if (points.keyImages.some((image) => keyImages.has(state, image)))
      throw new BitorchError('OUTPUT_SPENT', 'a block holds another transaction that spends the same');
    try {
      applyTransaction(draft, transaction, points);
    } catch (error) {
      throw isForged(error) ? new BitorchError('PROOFS_INVALID', messageOf(error)) : error;
    }
    return candidate;
  }

  /**
   * Transactions for the next block, best paid first, that hold one after the other and fit into its weight and into
   * `maxBytes` with `framing` bytes around each. `others` are verified ones that wait elsewhere. What turns out to
   * hold in no block any more is forgotten.
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
    const leastRate = feeRecord.bucket.get(state, null)!.base * MILLION;
    let weightLeft = draft.parameters.maxBlockWeight;
    let bytesLeft = maxBytes;
    let looked = 0;
    const chosen: Transaction[] = [];
    const misses: Candidate[] = [];
    for (const { name, transaction, points, rate } of merged(
      this.#byRate.descending(),
      this.#elsewhere(others),
    )) {
      if (weightLeft < LEAST_WEIGHT || bytesLeft < LEAST_WEIGHT || rate < leastRate) break;
      if (misses.length === MOST_MISSES || looked++ === MOST_LOOKED_AT) break;
      const size = transaction.bytes.length + framing;
      if (transaction.weight > weightLeft || size > bytesLeft) continue;
      if (points && !picks(transaction.bytes)) continue;
      const fork = draft.fork();
      const refusal = refusalOf(() =>
        applyTransaction(fork, transaction, points ?? spends.resolve(transaction)),
      );
      if (refusal) {
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

  /** After each commit: forgets what spends the same as the block, what has expired, and some of what holds no more. */
  prune(): void {
    const { state, head } = this.#ledger;
    const count = keyImageRange.count(state);
    for (const [, { keyImage }] of spendRecords.entries(state, { from: this.#spendsSeen, to: count })) {
      const spent = this.#claims.get(toHex(keyImage));
      if (spent) this.#remove(spent);
    }
    this.#spendsSeen = count;
    // As many as there are heights at which a transaction may expire.
    for (const [expiry, late] of this.#byExpiry) {
      if (expiry <= head.height) for (const one of [...late]) this.#remove(one);
    }
    for (const acting of [...firstOf(this.#acting, RETRIED)]) {
      this.#acting.delete(acting);
      this.#acting.add(acting);
      if (!this.#hasFuture(acting)) this.#remove(acting);
    }
  }

  /**
   * Whether a block to come may hold it. A plain transfer stays good until it expires or its outputs are spent; only
   * what acts on accounts has to be tried again. A fee too low for the next block may do for a later one.
   */
  #hasFuture({ transaction, points }: Candidate): boolean {
    const { state, head, curve } = this.#ledger;
    const { body } = transaction;
    if (body.expiry <= head.height || points.keyImages.some((image) => keyImages.has(state, image)))
      return false;
    if (body.actions.length === 0 || body.fee < leastFee(state, transaction)) return true;
    const draft = new Draft(state, head.height + 1, curve);
    return !refusalOf(() => applyTransaction(draft, transaction, points));
  }

  /** Those that wait elsewhere only, best paid first. */
  #elsewhere(others: readonly Transaction[]): Choice[] {
    const found = new Map<string, Choice>();
    for (const transaction of others) {
      const name = toHex(Mempool.idOf(transaction.bytes));
      if (!this.#waiting.has(name))
        found.set(name, { name, transaction, points: undefined, rate: rateOf(transaction) });
    }
    return [...found.values()].sort((a, b) => (before(a, b) ? -1 : 1));
  }

  /** What has to go so that the candidate can come. Throws MEMPOOL_CONFLICT, MEMPOOL_FULL. */
  #displacedBy(candidate: Candidate): Candidate[] {
    const rivals = this.#rivalsOf(candidate);
    const freed = rivals.reduce((sum, { transaction }) => sum + transaction.bytes.length, 0);
    const length = candidate.transaction.bytes.length - freed;
    const worst = this.#worstPaid(candidate.rate, length, 1 - rivals.length, new Set(rivals));
    return [...rivals, ...worst];
  }

  /** Those that claim the same, where it may take their place. */
  #rivalsOf({ claims, rate, transaction }: Candidate): Candidate[] {
    const rivals = [...new Set(claims.flatMap((claim) => this.#claims.get(claim) ?? []))];
    const total = rivals.reduce((sum, rival) => sum + rival.transaction.body.fee, 0n);
    const paysMore =
      rivals.every((rival) => rate * RAISE_OF >= rival.rate * RAISE) &&
      transaction.body.fee * RAISE_OF >= total * RAISE;
    if (rivals.length === 0 || (paysMore && !isFree(transaction))) return rivals;
    throw new BitorchError(
      'MEMPOOL_CONFLICT',
      'another waiting transaction spends the same, or acts for the same key',
    );
  }

  /** The worst paid that have to go for so many bytes and transactions more, all of which pay less than `rate`. */
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
    throw new BitorchError('MEMPOOL_FULL', 'the pool is full of transactions that pay at least as much');
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

const known = (): BitorchError => new BitorchError('MEMPOOL_KNOWN', 'the transaction is here already');

/** What a block may take: of those that wait elsewhere the points are not known. */
interface Choice {
  readonly name: string;
  readonly transaction: Transaction;
  readonly points: Points | undefined;
  readonly rate: bigint;
}

/** Two orders as one. */
function* merged(here: Generator<Choice>, elsewhere: readonly Choice[]): Generator<Choice> {
  let next = 0;
  for (const one of here) {
    while (next < elsewhere.length && before(elsewhere[next]!, one)) yield elsewhere[next++]!;
    yield one;
  }
  yield* elsewhere.slice(next);
}

/**
 * What only one waiting transaction may lay hands on: its key images, and for each action that somebody has to sign, the
 * account it is about together with who signs first. Two that act alike for one key hold in no block together: were both
 * taken, one could be paid for and hundreds of others, better paid than anybody's, keep the block empty. What proves itself
 * and is free waits once for its account, and nothing that is paid for takes its place.
 */
function claimsOf({ body }: Transaction, points: Points, { view, height }: Draft): string[] {
  const acting = body.actions.flatMap((action) => {
    const rules = rulesOf(action);
    const consenters = rules.consenters?.(action.body, view, height) ?? [];
    const [signer] = [...rules.signers(action.body), ...consenters];
    const account = encode(rules.codec, action.body).subarray(0, KEY_BYTES);
    const claimed = rules.free && body.inputs.length === 0 ? (rules.claims?.(action.body) ?? []) : [];
    const held = signer ? [[account, signer]] : claimed.map((key) => [key]);
    return held.map((keys) => [Uint8Array.of(rules.type), ...keys].map(toHex).join('/'));
  });
  return [...new Set([...points.keyImages.map(toHex), ...acting])];
}

import { BitorchError, equalBytes } from '#base';
import type { ActionBody } from '../actions/registry.ts';
import { priceOf, type QuoteTerms, type Usage } from './quote.ts';
import { isSigned, type Receipt } from './receipt.ts';

interface Chunk extends Usage {
  readonly transcript: Uint8Array;
}

export interface PayeeOptions {
  readonly terms: QuoteTerms;
  /** The session key that names the escrow. */
  readonly escrow: Uint8Array;
  /** As it is on the ledger, in sparks. */
  readonly cap: bigint;
}

/**
 * A node's side of an escrow: counts what it has delivered, takes receipts for it, keeps the last one, and says when
 * to stop. It can lose no more than `maxExposure` and the chunk under way.
 */
export class Payee {
  readonly #terms: QuoteTerms;
  readonly #escrow: Uint8Array;
  #cap: bigint;
  #delivered: Usage = { tokensIn: 0, tokensOut: 0 };
  #unpaid: Chunk[] = [];
  #last: Receipt | undefined;

  constructor({ terms, escrow, cap }: PayeeOptions) {
    this.#terms = terms;
    this.#escrow = escrow;
    this.#cap = cap;
  }

  /** Sparks delivered and not paid. */
  get exposure(): bigint {
    return priceOf(this.#terms, this.#delivered) - this.paid;
  }

  /** Sparks that the last receipt is worth. */
  get paid(): bigint {
    return this.#last?.statement.amount ?? 0n;
  }

  get lastReceipt(): Receipt | undefined {
    return this.#last;
  }

  /** Whether the next chunk may be served: neither too much unpaid nor the cap used up by what is delivered. */
  get mayServe(): boolean {
    return this.exposure <= this.#terms.maxExposure && priceOf(this.#terms, this.#delivered) < this.#cap;
  }

  /** A change of the cap on the ledger, or one that is on its way and has to be reckoned with. */
  capChanged(cap: bigint): void {
    this.#cap = cap;
  }

  /** Counts a chunk as delivered: all tokens since the beginning, and the chain of commitments up to here. */
  deliver(usage: Usage, transcript: Uint8Array): void {
    this.#delivered = usage;
    this.#unpaid.push({ ...usage, transcript });
  }

  /**
   * Takes a receipt for a chunk that was delivered, and those before it.
   *
   * @throws BitorchError `RECEIPT_INVALID` when it is not what the session owes: nothing changes, and service need
   * not go on
   */
  accept(receipt: Receipt): void {
    const { statement } = receipt;
    const refuse = (why: string): never => {
      throw new BitorchError('RECEIPT_INVALID', `the receipt is refused: ${why}`);
    };
    if (!equalBytes(statement.chainId, this.#terms.chainId)) refuse('it is of another network');
    if (!equalBytes(statement.escrow, this.#escrow)) refuse('it is of another escrow');
    if (!equalBytes(statement.node, this.#terms.node)) refuse('it pays another node');
    if (statement.sequence <= (this.#last?.statement.sequence ?? 0)) refuse('it is older than the last one');
    const index = this.#unpaid.findIndex(
      ({ tokensIn, tokensOut }) => tokensIn === statement.tokensIn && tokensOut === statement.tokensOut,
    );
    const chunk = this.#unpaid[index] ?? refuse('its tokens are not those of a chunk that waits for payment');
    if (!equalBytes(chunk.transcript, statement.transcript)) refuse('it speaks of other work');
    if (statement.amount < priceOf(this.#terms, chunk)) refuse('it pays less than the price');
    if (statement.amount < this.paid) refuse('it pays less than the last one');
    if (statement.amount > this.#cap) refuse('it is over the cap: it could not be settled');
    if (!isSigned(receipt)) refuse('it is not signed by the session key');
    this.#last = receipt;
    this.#unpaid = this.#unpaid.slice(index + 1);
  }

  /** The last receipt as a claim to settle, when there is one. */
  claim(): ActionBody<'escrowSettle'>['claims'][number] | undefined {
    if (!this.#last) return undefined;
    const { statement, signature } = this.#last;
    const { escrow, sequence, tokensIn, tokensOut, amount, transcript } = statement;
    return { escrow, sequence, tokensIn, tokensOut, amount, transcript, signature };
  }
}

import { BitorchError, equalBytes } from '#base';
import { type Escrow, key } from '../accounts/index.ts';
import type { ActionBody } from '../actions/registry.ts';
import { byteOf, encode, struct } from '../codec/index.ts';
import { type EscrowJournal, readJournal } from './journal.ts';
import { priceOf, type QuoteTerms, type Usage } from './quote.ts';
import { isSigned, type Receipt, receiptCodec } from './receipt.ts';
import { SeenEscrow } from './seen-escrow.ts';

interface Chunk extends Usage {
  readonly transcript: Uint8Array;
}

const journalCodec = struct({ version: byteOf(1), node: key, receipt: receiptCodec });

export interface PayeeOptions {
  readonly terms: QuoteTerms;
  /** The session key that names the escrow. */
  readonly escrow: Uint8Array;
  /** The network's parameter, in blocks. */
  readonly settlementWindow: number;
  readonly journal: EscrowJournal;
}

/**
 * A node's side of an escrow: counts what it has delivered, takes receipts for it, keeps the last one, and says when to
 * stop and when to settle. Caps, what is settled and the deadline are the ledger's to say (`follow`). A receipt counts once
 * it is in the journal, so a crash loses none. It can lose no more than `maxExposure` and the chunk under way.
 */
export class Payee {
  readonly #terms: QuoteTerms;
  readonly #escrow: Uint8Array;
  readonly #settlementWindow: number;
  readonly #journal: EscrowJournal;
  #seen: SeenEscrow | undefined;
  #delivered: Usage;
  #unpaid: Chunk[] = [];
  #last: Receipt | undefined;

  /** Goes on from the receipt in the journal. Throws ESCROW_JOURNAL when that is damaged or of another. */
  constructor({ terms, escrow, settlementWindow, journal }: PayeeOptions) {
    this.#terms = terms;
    this.#escrow = escrow;
    this.#settlementWindow = settlementWindow;
    this.#journal = journal;
    this.#last = receiptIn(journal.read(), escrow, terms.node);
    this.#delivered = this.#last?.statement ?? { tokensIn: 0, tokensOut: 0 };
  }

  /** Hears what the ledger's record is after the block of a height. An older one than the last is ignored. */
  follow(record: Escrow, height: number): void {
    if (height >= (this.#seen?.height ?? 0))
      this.#seen = new SeenEscrow(record, height, this.#settlementWindow);
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

  /**
   * Whether the next chunk may be served: the escrow is on the ledger and its deadline not over, not too much is unpaid, and
   * what is delivered does not use up the cap, or what a pending cut leaves of it.
   */
  get mayServe(): boolean {
    const seen = this.#seen;
    if (!seen?.isOpen || this.exposure > this.#terms.maxExposure) return false;
    return priceOf(this.#terms, this.#delivered) < seen.capInSight(this.#terms.node);
  }

  /** The last block that is sure to take the claim for what is paid and not settled; undefined when there is nothing. */
  get settleBy(): number | undefined {
    const seen = this.#seen;
    if (!seen || this.paid <= seen.settled(this.#terms.node)) return undefined;
    const cut = seen.cutOf(this.#terms.node);
    return cut && cut.cap < this.paid ? Math.min(cut.at - 1, seen.settledBy) : seen.settledBy;
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
    const { node, chainId } = this.#terms;
    if (!equalBytes(statement.chainId, chainId)) refuse('it is of another network');
    if (!equalBytes(statement.escrow, this.#escrow)) refuse('it is of another escrow');
    if (this.#seen && statement.deadline !== this.#seen.record.deadline)
      refuse('it names another deadline than the escrow has');
    if (!equalBytes(statement.node, node)) refuse('it pays another node');
    if (statement.sequence <= (this.#last?.statement.sequence ?? 0)) refuse('it is older than the last one');
    const index = this.#unpaid.findIndex(
      ({ tokensIn, tokensOut }) => tokensIn === statement.tokensIn && tokensOut === statement.tokensOut,
    );
    const chunk = this.#unpaid[index] ?? refuse('its tokens are not those of a chunk that waits for payment');
    if (!equalBytes(chunk.transcript, statement.transcript)) refuse('it speaks of other work');
    if (statement.amount < priceOf(this.#terms, chunk)) refuse('it pays less than the price');
    if (statement.amount < this.paid) refuse('it pays less than the last one');
    if (statement.amount > (this.#seen?.cap(node) ?? 0n))
      refuse('it is over the cap: it could not be settled');
    if (!isSigned(receipt)) refuse('it is not signed by the session key');
    this.#journal.write(encode(journalCodec, { version: 1, node, receipt }));
    this.#last = receipt;
    this.#unpaid = this.#unpaid.slice(index + 1);
  }

  /** The last receipt as a claim to settle, when it adds to what is settled. */
  claim(): ActionBody<'escrowSettle'>['claims'][number] | undefined {
    if (!this.#last || this.paid <= (this.#seen?.settled(this.#terms.node) ?? 0n)) return undefined;
    const { statement, signature } = this.#last;
    const { escrow, sequence, tokensIn, tokensOut, amount, transcript } = statement;
    return { escrow, sequence, tokensIn, tokensOut, amount, transcript, signature };
  }

  /** Whether closing with these finals pays all that is promised here: then the node may sign it. */
  agreesTo({ escrow, finals }: ActionBody<'escrowClose'>): boolean {
    const { node } = this.#terms;
    const final = finals.find((entry) => equalBytes(entry.node, node))?.amount;
    const settled = this.#seen?.settled(node) ?? 0n;
    return equalBytes(escrow, this.#escrow) && (final ?? settled) >= this.paid;
  }
}

function receiptIn(
  content: Uint8Array | undefined,
  escrow: Uint8Array,
  node: Uint8Array,
): Receipt | undefined {
  if (!content) return undefined;
  const { receipt, ...of } = readJournal(journalCodec, content);
  if (!equalBytes(receipt.statement.escrow, escrow) || !equalBytes(of.node, node))
    throw new BitorchError(
      'ESCROW_JOURNAL',
      'the journal is that of another escrow or node: give each its own',
    );
  return receipt;
}

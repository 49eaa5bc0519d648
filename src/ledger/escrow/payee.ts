import { BitorchError, equalBytes } from '#base';
import { type Escrow, key } from '../accounts/index.ts';
import type { ActionBody } from '../actions/registry.ts';
import { byteOf, encode, struct } from '../codec/index.ts';
import type { Body } from '../transaction/body.ts';
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
  /** In blocks, from the parameters of the network. */
  readonly settlementWindow: number;
  readonly journal: EscrowJournal;
}

/**
 * A node's side of an escrow: counts what it has delivered, accepts receipts, keeps the last one, and decides when to stop
 * serving and when to settle. Caps, the settled amount and the deadline come from the ledger (`follow`). A receipt counts once
 * it is in the journal, so a crash loses none. The node risks at most `maxExposure` plus the chunk in progress.
 */
export class Payee {
  readonly #terms: QuoteTerms;
  readonly #escrow: Uint8Array;
  readonly #settlementWindow: number;
  readonly #journal: EscrowJournal;
  #seen: SeenEscrow | undefined;
  #delivered: Usage;
  #unpaid: Chunk[] = [];
  /** Whether this side knows what it has delivered. Before the first chunk it may be one that was started again. */
  #remembers = false;
  #last: Receipt | undefined;

  /** Resumes from the journal. Throws ESCROW_JOURNAL when it is damaged or belongs to another escrow or node. */
  constructor({ terms, escrow, settlementWindow, journal }: PayeeOptions) {
    this.#terms = terms;
    this.#escrow = escrow;
    this.#settlementWindow = settlementWindow;
    this.#journal = journal;
    this.#last = receiptIn(journal.read(), escrow, terms.node);
    this.#delivered = this.#last?.statement ?? { tokensIn: 0, tokensOut: 0 };
  }

  /** Updates the ledger's record, as of the block at `height`. A record older than the last one is ignored. */
  follow(record: Escrow, height: number): void {
    if (height >= (this.#seen?.height ?? 0))
      this.#seen = new SeenEscrow(record, height, this.#settlementWindow);
  }

  /** Sparks of delivered work that no receipt covers. */
  get exposure(): bigint {
    return priceOf(this.#terms, this.#delivered) - this.paid;
  }

  /** Sparks covered by the last receipt. */
  get paid(): bigint {
    return this.#last?.statement.amount ?? 0n;
  }

  get lastReceipt(): Receipt | undefined {
    return this.#last;
  }

  /**
   * Whether the next chunk may be served: the escrow is on the ledger, its deadline has not passed, the unpaid amount is within
   * `maxExposure`, and the delivered work does not exhaust the cap, counting a pending cut as made.
   */
  get mayServe(): boolean {
    const seen = this.#seen;
    if (!seen?.isOpen || this.exposure > this.#terms.maxExposure) return false;
    return priceOf(this.#terms, this.#delivered) < seen.capInSight(this.#terms.node);
  }

  /** The last height at which the unsettled part of the last receipt can surely be claimed; undefined when all is settled. */
  get settleBy(): number | undefined {
    const seen = this.#seen;
    if (!seen || this.paid <= seen.settled(this.#terms.node)) return undefined;
    const cut = seen.cutOf(this.#terms.node);
    return cut && cut.cap < this.paid ? Math.min(cut.at - 1, seen.settledBy) : seen.settledBy;
  }

  /** Records a chunk as delivered: token counts since the session began, and the transcript hash up to this chunk. */
  deliver(usage: Usage, transcript: Uint8Array): void {
    this.#remembers = true;
    this.#delivered = usage;
    this.#unpaid.push({ ...usage, transcript });
  }

  /**
   * Accepts a receipt for a delivered chunk and all chunks before it. One for more than the journal has is accepted until a chunk
   * is delivered: a crash forgets what was delivered, and the client signs for no less than it received. Throws RECEIPT_INVALID
   * when it does not pay what is owed; then nothing changes and the node may stop serving.
   */
  accept(receipt: Receipt): void {
    const { statement } = receipt;
    const refuse = (why: string): never => {
      throw new BitorchError('RECEIPT_INVALID', `the receipt is refused: ${why}`);
    };
    const { node, chainId } = this.#terms;
    if (!equalBytes(statement.chainId, chainId)) refuse('it is for another network');
    if (!equalBytes(statement.escrow, this.#escrow)) refuse('it is for another escrow');
    if (this.#seen && statement.deadline !== this.#seen.record.deadline)
      refuse('its deadline is not that of the escrow');
    if (!equalBytes(statement.node, node)) refuse('it pays another node');
    if (statement.sequence <= (this.#last?.statement.sequence ?? 0)) refuse('it is older than the last one');
    const index = this.#unpaid.findIndex(
      ({ tokensIn, tokensOut }) => tokensIn === statement.tokensIn && tokensOut === statement.tokensOut,
    );
    const forgotten = !this.#remembers && this.#isBeyond(statement) ? statement : undefined;
    const chunk = this.#unpaid[index] ?? forgotten ?? refuse('its token counts match no unpaid chunk');
    if (!equalBytes(chunk.transcript, statement.transcript))
      refuse('its transcript is not that of the chunk');
    if (statement.amount < priceOf(this.#terms, chunk)) refuse('it pays less than the price');
    if (statement.amount < this.paid) refuse('it pays less than the last one');
    if (statement.amount > (this.#seen?.cap(node) ?? 0n))
      refuse('it is over the cap, so it could not be settled');
    if (!isSigned(receipt)) refuse('it is not signed by the session key');
    this.#journal.write(encode(journalCodec, { version: 1, node, receipt }));
    this.#last = receipt;
    this.#unpaid = this.#unpaid.slice(index + 1);
    if (forgotten) this.#delivered = forgotten;
  }

  #isBeyond({ tokensIn, tokensOut }: Usage): boolean {
    return tokensIn >= this.#delivered.tokensIn && tokensOut >= this.#delivered.tokensOut;
  }

  /** The last receipt as a claim for `escrowSettle`; undefined when it adds nothing to the settled amount. */
  claim(): ActionBody<'escrowSettle'>['claims'][number] | undefined {
    if (!this.#last || this.paid <= (this.#seen?.settled(this.#terms.node) ?? 0n)) return undefined;
    const { statement, signature } = this.#last;
    const { chainId: _, node: __, ...claim } = statement;
    return { ...claim, signature };
  }

  /**
   * Whether this node can sign a transaction: it only closes the escrow, and pays everything promised to this node. The whole
   * transaction is looked at because the signature covers all of it: another action could dispose of the node's own bond.
   */
  agreesTo({ chainId, actions }: Pick<Body, 'chainId' | 'actions'>): boolean {
    const [action, ...others] = actions;
    if (action?.name !== 'escrowClose' || others.length > 0) return false;
    const { node, chainId: own } = this.#terms;
    const { escrow, deadline, finals } = action.body;
    if (!equalBytes(chainId, own) || deadline !== this.#seen?.record.deadline) return false;
    const final = finals.find((entry) => equalBytes(entry.node, node))?.amount;
    const settled = this.#seen.settled(node);
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
      'the journal belongs to another escrow or node: give each its own',
    );
  return receipt;
}

import { BitorchError, equalBytes, toHex } from '#base';
import type { SigningKey } from '#crypto';
import { type Escrow, key, MAX_ALLOTMENTS } from '../accounts/index.ts';
import type { ActionBody } from '../actions/registry.ts';
import { amount, byteOf, encode, list, struct } from '../codec/index.ts';
import { type EscrowJournal, readJournal } from './journal.ts';
import { priceOf, type QuoteTerms, quoteTermsCodec, type Usage } from './quote.ts';
import { type Receipt, receiptCodec, signReceipt } from './receipt.ts';
import { requireSeen, SeenEscrow } from './seen-escrow.ts';

interface Stage {
  readonly terms: QuoteTerms;
  /** The target cap; the ledger has it once the open or amend action that asks for it is in a block. */
  readonly wanted: bigint;
  readonly last: Receipt | undefined;
}

const journalCodec = struct({
  version: byteOf(1),
  escrow: key,
  stages: list(
    struct({ terms: quoteTermsCodec, wanted: amount, last: list(receiptCodec, 1) }),
    MAX_ALLOTMENTS,
  ),
});

export interface PayerOptions {
  readonly session: SigningKey;
  /** Value of the escrow in sparks, without its deposit: what can be assigned until the ledger has a record of the escrow. */
  readonly value: bigint;
  /** In blocks, from the parameters of the network. */
  readonly settlementWindow: number;
  readonly journal: EscrowJournal;
}

/**
 * The client's side of an escrow: sets a target cap for each node and signs receipts for delivered work. The balance, the
 * current caps and the settled amounts come from the ledger (`follow`). Every receipt is in the journal before it is sent, so
 * no receipt signed after a crash promises less than an earlier one.
 */
export class Payer {
  readonly #session: SigningKey;
  readonly #value: bigint;
  readonly #settlementWindow: number;
  readonly #journal: EscrowJournal;
  #stages: ReadonlyMap<string, Stage>;
  #seen: SeenEscrow | undefined;

  /** Resumes from the journal. Throws ESCROW_JOURNAL when it is damaged or belongs to another escrow. */
  constructor({ session, value, settlementWindow, journal }: PayerOptions) {
    this.#session = session;
    this.#value = value;
    this.#settlementWindow = settlementWindow;
    this.#journal = journal;
    this.#stages = stagesIn(journal.read(), session.publicKey);
  }

  /** Updates the ledger's record, as of the block at `height`. A record older than the last one is ignored. */
  follow(record: Escrow, height: number): void {
    if (height >= (this.#seen?.height ?? 0))
      this.#seen = new SeenEscrow(record, height, this.#settlementWindow);
  }

  /** Sparks not assigned to any node, neither on the ledger nor by a pending change. */
  get reserve(): bigint {
    const free = this.#seen?.reserve ?? this.#value;
    return [...this.#stages.values()].reduce((left, stage) => left - this.#raise(stage), free);
  }

  /** Caps for the action that opens the escrow. */
  get caps(): { node: Uint8Array; cap: bigint }[] {
    return [...this.#stages.values()].map(({ terms, wanted }) => ({ node: terms.node, cap: wanted }));
  }

  /** The last receipt signed for a node, to send again. */
  lastReceipt(node: Uint8Array): Receipt | undefined {
    return this.#stages.get(toHex(node))?.last;
  }

  /** Assigns a node a cap from the reserve, or raises its cap. Throws ESCROW_RESERVE when the reserve is too small. */
  assign(terms: QuoteTerms, cap: bigint): void {
    const known = this.#stages.get(toHex(terms.node));
    const changed = { terms, wanted: cap, last: known?.last };
    const more = this.#raise(changed) - (known ? this.#raise(known) : 0n);
    if ((known && cap < known.wanted) || more > this.reserve) {
      throw new BitorchError(
        'ESCROW_RESERVE',
        'the reserve is too small: wait until other caps are lowered on the ledger',
        { reserve: this.reserve },
      );
    }
    this.#keep(changed);
  }

  /**
   * Lowers the target cap of a node that has left to what it was promised. The money returns to the reserve once the ledger has
   * the change: with the amendment if the node consents, otherwise after the silence window.
   */
  release(node: Uint8Array): void {
    const stage = this.#stageOf(node);
    this.#keep({ ...stage, wanted: larger(this.#promised(stage), this.#seen?.settled(node) ?? 0n) });
  }

  /** The action that sets a node's cap on the ledger to its target. Throws ESCROW_MISSING while the escrow is not on the ledger. */
  amendment(node: Uint8Array, fee: bigint, consent: 0 | 1 = 0): ActionBody<'escrowAmend'> {
    const { sequence, deadline } = requireSeen(this.#seen).record;
    const { wanted: cap } = this.#stageOf(node);
    return { escrow: this.#session.publicKey, deadline, sequence, changes: [{ node, cap, consent }], fee };
  }

  /**
   * Signs a receipt for everything a node has delivered since the session began. The same usage again returns the last receipt.
   * Throws ESCROW_MISSING before the escrow is on the ledger, ESCROW_ENDED when a receipt could no longer be settled,
   * ESCROW_EXHAUSTED when the amount exceeds the node's cap, counting a pending cut as made, or ESCROW_USAGE when it is less
   * than the amount already paid.
   */
  pay(node: Uint8Array, delivered: Usage, transcript: Uint8Array): Receipt {
    const seen = requireSeen(this.#seen);
    const stage = this.#stageOf(node);
    const { terms, last, wanted } = stage;
    if (last && covers(last, delivered, transcript)) return last;
    if (seen.height >= seen.settledBy)
      throw new BitorchError('ESCROW_ENDED', 'the escrow has ended: open another one');
    const due = priceOf(terms, delivered);
    const { tokensIn, tokensOut, sequence } = last?.statement ?? { tokensIn: 0, tokensOut: 0, sequence: 0 };
    const paid = larger(this.#promised(stage), seen.settled(node));
    if (delivered.tokensIn < tokensIn || delivered.tokensOut < tokensOut || due < paid)
      throw new BitorchError('ESCROW_USAGE', 'the delivered work is less than what is already paid');
    const cap = smaller(wanted, seen.capInSight(node));
    if (due > cap) {
      throw new BitorchError('ESCROW_EXHAUSTED', "the node's cap in the escrow is used up", {
        cap,
        amount: due,
      });
    }
    const statement = {
      chainId: terms.chainId,
      escrow: this.#session.publicKey,
      node,
      deadline: seen.record.deadline,
      sequence: sequence + 1,
      ...delivered,
      amount: due,
      transcript,
    };
    const receipt = signReceipt(statement, this.#session);
    this.#keep({ ...stage, last: receipt });
    return receipt;
  }

  /**
   * For closing by agreement: the action, which pays every node what it was promised and has not settled, and the keys that
   * sign it after the session key, in this order. Throws ESCROW_MISSING while the escrow is not on the ledger.
   */
  closing(fee: bigint): { readonly body: ActionBody<'escrowClose'>; readonly signers: Uint8Array[] } {
    const seen = requireSeen(this.#seen);
    const finals = [...this.#stages.values()]
      .map((stage) => ({ node: stage.terms.node, amount: this.#promised(stage) }))
      .filter(({ node, amount }) => amount > seen.settled(node));
    const { deadline } = seen.record;
    return { body: { escrow: this.#session.publicKey, deadline, finals, fee }, signers: seen.claimants };
  }

  #promised({ last }: Stage): bigint {
    return last?.statement.amount ?? 0n;
  }

  /** Sparks by which a target cap exceeds the cap on the ledger. */
  #raise({ terms, wanted }: Stage): bigint {
    const cap = this.#seen?.cap(terms.node) ?? 0n;
    return wanted > cap ? wanted - cap : 0n;
  }

  /** Writes a changed stage to the journal first, then to memory. */
  #keep(stage: Stage): void {
    const stages = new Map(this.#stages).set(toHex(stage.terms.node), stage);
    const entries = [...stages.values()].map(({ last, ...rest }) => ({ ...rest, last: last ? [last] : [] }));
    const { publicKey: escrow } = this.#session;
    this.#journal.write(encode(journalCodec, { version: 1, escrow, stages: entries }));
    this.#stages = stages;
  }

  #stageOf(node: Uint8Array): Stage {
    const stage = this.#stages.get(toHex(node));
    if (!stage)
      throw new BitorchError('ESCROW_STRANGER', 'the node is not part of this escrow: assign it a cap first');
    return stage;
  }
}

function stagesIn(content: Uint8Array | undefined, session: Uint8Array): ReadonlyMap<string, Stage> {
  if (!content) return new Map();
  const { escrow, stages } = readJournal(journalCodec, content);
  if (!equalBytes(escrow, session))
    throw new BitorchError('ESCROW_JOURNAL', 'the journal belongs to another session: give each its own');
  return new Map(stages.map(({ last, ...stage }) => [toHex(stage.terms.node), { ...stage, last: last[0] }]));
}

const covers = ({ statement }: Receipt, { tokensIn, tokensOut }: Usage, transcript: Uint8Array): boolean =>
  statement.tokensIn === tokensIn &&
  statement.tokensOut === tokensOut &&
  equalBytes(statement.transcript, transcript);

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

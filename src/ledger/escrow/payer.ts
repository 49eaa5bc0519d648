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
  /** The cap that is wanted: the ledger's once the open or amend that asks for it is in a block. */
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
  /** Of the escrow, in sparks, without its deposit: what there is to assign until the ledger has a record of it. */
  readonly value: bigint;
  /** The network's parameter, in blocks. */
  readonly settlementWindow: number;
  readonly journal: EscrowJournal;
}

/**
 * The client's side of an escrow: wants a cap for each node, and signs receipts for what each has delivered, after it has
 * delivered it. What the escrow holds, which caps stand and what is settled is the ledger's to say (`follow`). Every
 * receipt is in the journal before anybody gets it, so after a crash none is signed that says less.
 */
export class Payer {
  readonly #session: SigningKey;
  readonly #value: bigint;
  readonly #settlementWindow: number;
  readonly #journal: EscrowJournal;
  #stages: ReadonlyMap<string, Stage>;
  #seen: SeenEscrow | undefined;

  /** Goes on from what the journal holds. Throws ESCROW_JOURNAL when that is damaged or of another escrow. */
  constructor({ session, value, settlementWindow, journal }: PayerOptions) {
    this.#session = session;
    this.#value = value;
    this.#settlementWindow = settlementWindow;
    this.#journal = journal;
    this.#stages = stagesIn(journal.read(), session.publicKey);
  }

  /** Hears what the ledger's record is after the block of a height. An older one than the last is ignored. */
  follow(record: Escrow, height: number): void {
    if (height >= (this.#seen?.height ?? 0))
      this.#seen = new SeenEscrow(record, height, this.#settlementWindow);
  }

  /** Sparks that no node has a cap for, on the ledger or by a change that is on its way. */
  get reserve(): bigint {
    const free = this.#seen?.reserve ?? this.#value;
    return [...this.#stages.values()].reduce((left, stage) => left - this.#raise(stage), free);
  }

  /** For opening the escrow. */
  get caps(): { node: Uint8Array; cap: bigint }[] {
    return [...this.#stages.values()].map(({ terms, wanted }) => ({ node: terms.node, cap: wanted }));
  }

  /** The last receipt that a node was given, to be sent again. */
  lastReceipt(node: Uint8Array): Receipt | undefined {
    return this.#stages.get(toHex(node))?.last;
  }

  /** Wants a cap for a node out of the reserve, or a higher one. Throws ESCROW_RESERVE when there is not as much left. */
  assign(terms: QuoteTerms, cap: bigint): void {
    const known = this.#stages.get(toHex(terms.node));
    const changed = { terms, wanted: cap, last: known?.last };
    const more = this.#raise(changed) - (known ? this.#raise(known) : 0n);
    if ((known && cap < known.wanted) || more > this.reserve) {
      throw new BitorchError(
        'ESCROW_RESERVE',
        'the reserve does not hold that much: wait until other caps are lower on the ledger',
        { reserve: this.reserve },
      );
    }
    this.#keep(changed);
  }

  /**
   * Wants the cap of a node that has gone lowered, to what it was promised: it is paid no more. The money is in the reserve
   * again once the ledger says so: with the amendment if the node consents, else after the silence window.
   */
  release(node: Uint8Array): void {
    const stage = this.#stageOf(node);
    this.#keep({ ...stage, wanted: larger(this.#promised(stage), this.#seen?.settled(node) ?? 0n) });
  }

  /** The action that puts a node's cap as it is wanted on the ledger. Throws ESCROW_MISSING. */
  amendment(node: Uint8Array, fee: bigint, consent: 0 | 1 = 0): ActionBody<'escrowAmend'> {
    const { sequence, deadline } = requireSeen(this.#seen).record;
    const { wanted: cap } = this.#stageOf(node);
    return { escrow: this.#session.publicKey, deadline, sequence, changes: [{ node, cap, consent }], fee };
  }

  /**
   * A receipt for all that a node has delivered since the beginning of the session; for what the last one says, the last one.
   *
   * @throws BitorchError `ESCROW_MISSING` before the escrow is on the ledger; `ESCROW_ENDED` once none could be settled any
   * more; `ESCROW_EXHAUSTED` for more than its cap, or than a cut of it that is pending would leave; `ESCROW_USAGE` for less
   * than is paid already
   */
  pay(node: Uint8Array, delivered: Usage, transcript: Uint8Array): Receipt {
    const seen = requireSeen(this.#seen);
    const stage = this.#stageOf(node);
    const { terms, last, wanted } = stage;
    if (last && says(last, delivered, transcript)) return last;
    if (seen.height >= seen.settledBy)
      throw new BitorchError('ESCROW_ENDED', 'the escrow has ended: open another one');
    const due = priceOf(terms, delivered);
    const { tokensIn, tokensOut, sequence } = last?.statement ?? { tokensIn: 0, tokensOut: 0, sequence: 0 };
    const paid = larger(this.#promised(stage), seen.settled(node));
    if (delivered.tokensIn < tokensIn || delivered.tokensOut < tokensOut || due < paid)
      throw new BitorchError('ESCROW_USAGE', 'less was delivered than is paid already');
    const cap = smaller(wanted, seen.capInSight(node));
    if (due > cap) {
      throw new BitorchError('ESCROW_EXHAUSTED', "the node's part of the escrow is used up", {
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
   * For closing by agreement: the action, which pays every node what it was promised and has not settled, and the nodes that
   * have to sign it after the session key, in this order. Throws ESCROW_MISSING.
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

  /** What a wanted cap takes out of the reserve beyond what the ledger has taken. */
  #raise({ terms, wanted }: Stage): bigint {
    const cap = this.#seen?.cap(terms.node) ?? 0n;
    return wanted > cap ? wanted - cap : 0n;
  }

  /** Changes a stage, once that is in the journal. */
  #keep(stage: Stage): void {
    const stages = new Map(this.#stages).set(toHex(stage.terms.node), stage);
    const entries = [...stages.values()].map(({ last, ...rest }) => ({ ...rest, last: last ? [last] : [] }));
    const { publicKey: escrow } = this.#session;
    this.#journal.write(encode(journalCodec, { version: 1, escrow, stages: entries }));
    this.#stages = stages;
  }

  #stageOf(node: Uint8Array): Stage {
    const stage = this.#stages.get(toHex(node));
    if (!stage) throw new BitorchError('ESCROW_STRANGER', 'the node has no part in this escrow');
    return stage;
  }
}

function stagesIn(content: Uint8Array | undefined, session: Uint8Array): ReadonlyMap<string, Stage> {
  if (!content) return new Map();
  const { escrow, stages } = readJournal(journalCodec, content);
  if (!equalBytes(escrow, session))
    throw new BitorchError('ESCROW_JOURNAL', 'the journal is that of another session: give each its own');
  return new Map(stages.map(({ last, ...stage }) => [toHex(stage.terms.node), { ...stage, last: last[0] }]));
}

const says = ({ statement }: Receipt, { tokensIn, tokensOut }: Usage, transcript: Uint8Array): boolean =>
  statement.tokensIn === tokensIn &&
  statement.tokensOut === tokensOut &&
  equalBytes(statement.transcript, transcript);

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

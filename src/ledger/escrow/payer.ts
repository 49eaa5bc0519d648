import { BitorchError, toHex } from '#base';
import type { SigningKey } from '#crypto';
import type { ActionBody } from '../actions/registry.ts';
import { priceOf, type QuoteTerms, type Usage } from './quote.ts';
import { type Receipt, signReceipt } from './receipt.ts';

interface Stage {
  readonly terms: QuoteTerms;
  cap: bigint;
  last: Receipt | undefined;
}

/**
 * The client's side of an escrow: knows what each node may get, and signs receipts for what each has delivered, after
 * it has delivered it. What is in no cap is the reserve, out of which a stage that joins later is paid.
 */
export class Payer {
  readonly #session: SigningKey;
  readonly #value: bigint;
  readonly #stages = new Map<string, Stage>();

  /** @param value of the escrow, in sparks, without its deposit */
  constructor(session: SigningKey, value: bigint) {
    this.#session = session;
    this.#value = value;
  }

  /** Sparks that are assigned to no node. */
  get reserve(): bigint {
    return [...this.#stages.values()].reduce((left, { cap }) => left - cap, this.#value);
  }

  get caps(): { node: Uint8Array; cap: bigint }[] {
    return [...this.#stages.values()].map(({ terms, cap }) => ({ node: terms.node, cap }));
  }

  /** Gives a node a cap out of the reserve, or a higher one. Throws ESCROW_RESERVE when there is not as much left. */
  assign(terms: QuoteTerms, cap: bigint): void {
    const known = this.#stages.get(toHex(terms.node));
    const more = cap - (known?.cap ?? 0n);
    if (more < 0n || more > this.reserve) {
      throw new BitorchError(
        'ESCROW_RESERVE',
        'the reserve does not hold that much: lower other caps first',
        {
          reserve: this.reserve,
        },
      );
    }
    this.#stages.set(toHex(terms.node), { terms, cap, last: known?.last });
  }

  /**
   * Lowers the cap of a node that has gone, to what it was promised. The money is in the reserve again only once the
   * amendment holds on the ledger: with the node's consent at once, else after the silence window.
   */
  release(node: Uint8Array): void {
    const stage = this.#stageOf(node);
    stage.cap = stage.last?.statement.amount ?? 0n;
  }

  /** The action that puts a node's cap as it is here on the ledger. */
  amendment(node: Uint8Array, sequence: number, fee: bigint, consent: 0 | 1 = 0): ActionBody<'escrowAmend'> {
    const { cap } = this.#stageOf(node);
    return { escrow: this.#session.publicKey, sequence, changes: [{ node, cap, consent }], fee };
  }

  /**
   * A receipt for all that a node has delivered since the beginning of the session. Throws ESCROW_EXHAUSTED when that
   * is more than its cap, and ESCROW_USAGE for less than the last receipt said.
   */
  pay(node: Uint8Array, delivered: Usage, transcript: Uint8Array): Receipt {
    const stage = this.#stageOf(node);
    const { terms, cap, last } = stage;
    const amount = priceOf(terms, delivered);
    if (
      last &&
      (delivered.tokensIn < last.statement.tokensIn || delivered.tokensOut < last.statement.tokensOut)
    ) {
      throw new BitorchError('ESCROW_USAGE', 'less was delivered than is paid already');
    }
    if (amount > cap) {
      throw new BitorchError('ESCROW_EXHAUSTED', "the node's part of the escrow is used up", { cap, amount });
    }
    const statement = {
      chainId: terms.chainId,
      escrow: this.#session.publicKey,
      node,
      sequence: (last?.statement.sequence ?? 0) + 1,
      ...delivered,
      amount,
      transcript,
    };
    stage.last = signReceipt(statement, this.#session);
    return stage.last;
  }

  /** Finals for closing by agreement: what each node was promised. */
  finals(): { node: Uint8Array; amount: bigint }[] {
    return [...this.#stages.values()].flatMap(({ last }) =>
      last ? [{ node: last.statement.node, amount: last.statement.amount }] : [],
    );
  }

  #stageOf(node: Uint8Array): Stage {
    const stage = this.#stages.get(toHex(node));
    if (!stage) throw new BitorchError('ESCROW_STRANGER', 'the node has no part in this escrow');
    return stage;
  }
}

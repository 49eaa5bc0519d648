import { BitorchError, equalBytes } from '#base';
import type { Observer, SessionPlan } from '#execution';
import { publicKeyOf } from '#network';
import { RowHashes } from './positions.ts';
import { openReceipt, type Receipt } from './statements.ts';

/** A receipt together with the bytes that its stage signed. */
export interface SignedReceipt {
  readonly receipt: Receipt;
  readonly signed: Uint8Array;
}

/** The client's side of the evidence for one answer: its own hashes at both ends and every stage's receipts. */
export class AnswerRecord implements Observer {
  readonly plan: SessionPlan;
  readonly #sent = new RowHashes();
  readonly #received = new RowHashes();
  readonly #publicKeys: Uint8Array[];
  /** By hop, then by the first position of the chunk: the latest receipt. */
  readonly #receipts: Map<number, SignedReceipt>[];

  constructor(plan: SessionPlan) {
    this.plan = plan;
    this.#publicKeys = plan.route.map((stage) => publicKeyOf(stage.id));
    this.#receipts = plan.route.map(() => new Map());
  }

  /** Positions for which the answer's hidden states came back. */
  get length(): number {
    return this.#received.length;
  }

  sent(position: number, rows: number, states: Float32Array): void {
    this.#sent.write(position, rows, states);
  }

  received(position: number, rows: number, states: Float32Array): void {
    this.#received.write(position, rows, states);
  }

  /** Keeps a stage's receipt. Throws RECEIPT_INVALID when it is not for this session and these blocks. */
  evidence(hop: number, signed: Uint8Array): void {
    const receipt = openReceipt(signed, this.#publicKeys[hop]!);
    const { first, end } = this.plan.route[hop]!;
    const { session, manifest, period } = this.plan;
    const ours = equalBytes(receipt.session, session) && equalBytes(receipt.manifest, manifest);
    if (!ours || receipt.period !== period || receipt.first !== first || receipt.end !== end) {
      throw new BitorchError('RECEIPT_INVALID', 'the receipt is for other work than was asked for');
    }
    this.#receipts[hop]!.set(receipt.from, { receipt, signed });
  }

  /** The receipts of one stage in the order of their positions. */
  receiptsOf(hop: number): SignedReceipt[] {
    return [...this.#receipts[hop]!.values()].sort((a, b) => a.receipt.from - b.receipt.from);
  }

  /**
   * Checks that every position is covered and that what went into each stage is what came out of the one before,
   * from the client's own embedding to the states it received. Throws CONTINUITY_BROKEN that names the stages.
   */
  checkContinuity(): void {
    for (const hop of this.plan.route.keys()) {
      let next = 0;
      for (const { receipt } of this.receiptsOf(hop)) {
        if (receipt.from !== next) throw this.#broken(hop, `has no receipt for position ${next}`);
        this.#checkBorders(hop, receipt);
        next = receipt.to;
      }
      if (next < this.length) throw this.#broken(hop, `has no receipt for position ${next}`);
    }
  }

  #checkBorders(hop: number, receipt: Receipt): void {
    const { from, to } = receipt;
    const before = hop === 0 ? this.#sent.of(from, to) : this.#receipts[hop - 1]!.get(from)?.receipt.output;
    if (!before || !equalBytes(before, receipt.input)) {
      const giver = hop === 0 ? 'the client' : this.plan.route[hop - 1]!.name;
      throw this.#broken(hop, `and ${giver} signed different hidden states for positions ${from}–${to - 1}`);
    }
    if (hop < this.plan.route.length - 1) return;
    const after = this.#received.of(from, to);
    if (after && !equalBytes(after, receipt.output)) {
      throw this.#broken(hop, `signed other hidden states than it sent for positions ${from}–${to - 1}`);
    }
  }

  #broken(hop: number, what: string): BitorchError {
    const { id, name } = this.plan.route[hop]!;
    return new BitorchError('CONTINUITY_BROKEN', `${name} ${what}`, { nodeId: id, name });
  }
}

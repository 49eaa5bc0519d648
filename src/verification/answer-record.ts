import { BitorchError, bytesOf, concat, equalBytes } from '#base';
import { floatsOf, type Observer, type SessionPlan } from '#execution';
import { publicKeyOf } from '#network';
import { checkLink, type SignedReceipt } from './chain.ts';
import { CHUNK_POSITIONS } from './constants.ts';
import { Positions, RowHashes } from './positions.ts';
import { NO_RECEIPT, openReceipt, type Receipt, receiptId } from './statements.ts';

/** The client's evidence for one answer: the inputs it sent, its own hashes at both ends, and every stage's receipts. */
export class AnswerRecord implements Observer {
  readonly plan: SessionPlan;
  readonly #sent = new RowHashes();
  readonly #received = new RowHashes();
  readonly #inputs = new Positions<Float32Array>();
  readonly #publicKeys: Uint8Array[];
  /** By hop: the current chain of receipts, starting at position 0. */
  readonly #chains: SignedReceipt[][];
  /** By epoch: the position that the session was rolled back to. */
  readonly #rollbacks: number[] = [];
  /** Width of a row in f32. */
  #width = 0;

  constructor(plan: SessionPlan) {
    this.plan = plan;
    this.#publicKeys = plan.route.map((stage) => publicKeyOf(stage.id));
    this.#chains = plan.route.map(() => []);
  }

  /** Number of positions whose final hidden states were received. */
  get length(): number {
    return this.#received.length;
  }

  sent(position: number, rows: number, states: Float32Array): void {
    if (position < this.#sent.length) this.#rollBack(position);
    this.#width = states.length / rows;
    this.#sent.write(position, rows, states);
    this.#inputs.write(position, rowsOf(states, rows));
  }

  received(position: number, rows: number, states: Float32Array): void {
    this.#received.write(position, rows, states);
  }

  /**
   * Records a stage's receipt. It replaces receipts for the same and later positions; a receipt for work that has been rolled
   * back is dropped. Throws RECEIPT_INVALID when it is not for this session and these blocks, CHAIN_BROKEN when it does not
   * continue the stage's previous receipt.
   */
  evidence(hop: number, signed: Uint8Array): void {
    const receipt = openReceipt(signed, this.#publicKeys[hop]!);
    const { first, end } = this.plan.route[hop]!;
    const { session, manifest, period } = this.plan;
    const agreed =
      equalBytes(receipt.session, session) &&
      equalBytes(receipt.manifest, manifest) &&
      receipt.period === period &&
      receipt.first === first &&
      receipt.end === end &&
      receipt.width === this.#width;
    const epoch = this.#rollbacks.length;
    const inTime = receipt.to <= this.#sent.length && receipt.epoch <= epoch;
    if (!agreed || (!inTime && receipt.epoch >= epoch))
      throw new BitorchError('RECEIPT_INVALID', 'the receipt does not match the requested work');
    if (!inTime || this.#isRolledBack(receipt)) return;
    const chain = this.#chains[hop]!;
    const place = receipt.from / CHUNK_POSITIONS;
    const before = chain[place - 1];
    if (before) checkLink(before, receipt);
    else if (place > 0 || !equalBytes(receipt.before, NO_RECEIPT))
      throw new BitorchError(
        'CHAIN_BROKEN',
        'the receipt does not continue the previous receipt of its stage',
      );
    chain.splice(place, chain.length, { receipt, signed, id: receiptId(signed) });
  }

  /** The current receipts of one stage: one chain, starting at position 0. */
  receiptsOf(hop: number): SignedReceipt[] {
    return [...this.#chains[hop]!];
  }

  /** The states that this client sent to the first stage at positions [0, to): to × width f32. */
  inputs(to: number): Float32Array {
    return floatsOf(concat(this.#inputs.slice(0, to).map(bytesOf)));
  }

  /**
   * Checks that receipts cover every position, and that the input of each stage is the output of the previous one, from the
   * client's own embedding to the states it received. Throws RECEIPTS_MISSING when positions are not covered,
   * CONTINUITY_BROKEN, which names the stages, when receipts contradict each other or the client's own hashes.
   */
  checkContinuity(): void {
    for (const hop of this.plan.route.keys()) {
      const receipts = this.#chains[hop]!;
      for (const { receipt } of receipts) this.#checkBorders(hop, receipt);
      const covered = receipts.at(-1)?.receipt.to ?? 0;
      if (covered < this.length)
        throw new BitorchError(
          'RECEIPTS_MISSING',
          `${this.plan.route[hop]!.name} sent no receipt for position ${covered}`,
          { stages: [this.plan.route[hop]!.id] },
        );
    }
  }

  #rollBack(position: number): void {
    this.#rollbacks.push(position);
    for (const chain of this.#chains) chain.splice(Math.floor(position / CHUNK_POSITIONS));
  }

  /** Whether a rollback since the receipt's epoch covers any of its positions. */
  #isRolledBack({ epoch, to }: Receipt): boolean {
    return this.#rollbacks.slice(epoch).some((position) => position < to);
  }

  #checkBorders(hop: number, receipt: Receipt): void {
    const { from, to } = receipt;
    const before = hop === 0 ? this.#sent.of(from, to) : this.#outputOf(hop - 1, receipt);
    if (before && !equalBytes(before, receipt.input)) {
      const sender = hop === 0 ? 'the client' : this.plan.route[hop - 1]!.name;
      const hops = hop === 0 ? [0] : [hop - 1, hop];
      throw this.#broken(
        hops,
        `and ${sender} signed different hidden states for positions ${from}–${to - 1}`,
      );
    }
    if (hop < this.plan.route.length - 1) return;
    const after = this.#received.of(from, to);
    if (after && !equalBytes(after, receipt.output)) {
      throw this.#broken([hop], `signed hidden states that it did not send for positions ${from}–${to - 1}`);
    }
  }

  #outputOf(hop: number, { from, to }: Receipt): Uint8Array | undefined {
    const found = this.#chains[hop]![from / CHUNK_POSITIONS]?.receipt;
    return found?.to === to ? found.output : undefined;
  }

  #broken(hops: number[], what: string): BitorchError {
    const { name } = this.plan.route[hops.at(-1)!]!;
    const stages = hops.map((hop) => this.plan.route[hop]!.id);
    return new BitorchError('CONTINUITY_BROKEN', `${name} ${what}`, { stages });
  }
}

function rowsOf(states: Float32Array, rows: number): Float32Array[] {
  if (rows === 1) return [states];
  const width = states.length / rows;
  return Array.from({ length: rows }, (_, i) => states.subarray(i * width, (i + 1) * width));
}

import { BitorchError } from '#base';
import { type Allotment, allotmentOf, capAt, type Escrow, reserve } from '../accounts/index.ts';

/** The ledger's record of an escrow after the block at `height`. */
export class SeenEscrow {
  readonly record: Escrow;
  readonly height: number;
  readonly #settlementWindow: number;

  /** @param settlementWindow in blocks, from the parameters of the network */
  constructor(record: Escrow, height: number, settlementWindow: number) {
    this.record = record;
    this.height = height;
    this.#settlementWindow = settlementWindow;
  }

  /** Whether work may be delivered in the next block. */
  get isOpen(): boolean {
    return this.record.closed === 0 && this.height < this.record.deadline;
  }

  /** The last height at which a claim is certain to be accepted. */
  get settledBy(): number {
    return this.record.deadline + this.#settlementWindow - 1;
  }

  /** Sparks that can be assigned in the next block. */
  get reserve(): bigint {
    return reserve(this.record, this.height + 1);
  }

  settled(node: Uint8Array): bigint {
    return allotmentOf(this.record, node)?.settled ?? 0n;
  }

  /** The cap that applies in the next block. */
  cap(node: Uint8Array): bigint {
    const allotment = allotmentOf(this.record, node);
    return allotment ? capAt(allotment, this.height + 1) : 0n;
  }

  /** The lowest known cap: a pending cut counts as if it had taken effect. */
  capInSight(node: Uint8Array): bigint {
    const [cap, cut] = [this.cap(node), this.cutOf(node)];
    return cut && cut.cap < cap ? cut.cap : cap;
  }

  /** A pending cut: the cap that it leaves, and the height from which it applies. */
  cutOf(node: Uint8Array): { cap: bigint; at: number } | undefined {
    const allotment: Allotment | undefined = allotmentOf(this.record, node);
    if (!allotment || allotment.nextCapAt === 0) return undefined;
    return { cap: capAt(allotment, allotment.nextCapAt), at: allotment.nextCapAt };
  }

  /** Nodes that could still claim money in the next block: closing needs their signatures, in this order. */
  get claimants(): Uint8Array[] {
    return this.record.allotments
      .filter(({ node, settled }) => this.cap(node) > settled)
      .map(({ node }) => node);
  }
}

/** The record. Throws ESCROW_MISSING while there is none. */
export function requireSeen(seen: SeenEscrow | undefined): SeenEscrow {
  if (seen) return seen;
  throw new BitorchError(
    'ESCROW_MISSING',
    'the escrow is not on the ledger yet: wait for the block that opens it',
  );
}

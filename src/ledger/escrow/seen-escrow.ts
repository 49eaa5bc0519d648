import { BitorchError } from '#base';
import { type Allotment, allotmentOf, capAt, type Escrow, reserve } from '../accounts/index.ts';

/** The ledger's record of an escrow, as it is after the block of a height. */
export class SeenEscrow {
  readonly record: Escrow;
  readonly height: number;
  readonly #settlementWindow: number;

  /** @param settlementWindow the network's parameter, in blocks */
  constructor(record: Escrow, height: number, settlementWindow: number) {
    this.record = record;
    this.height = height;
    this.#settlementWindow = settlementWindow;
  }

  /** Whether the next block is one of service. */
  get isOpen(): boolean {
    return this.record.closed === 0 && this.height < this.record.deadline;
  }

  /** The last block that surely takes a claim. */
  get settledBy(): number {
    return this.record.deadline + this.#settlementWindow - 1;
  }

  /** Sparks that the next block could assign. */
  get reserve(): bigint {
    return reserve(this.record, this.height + 1);
  }

  settled(node: Uint8Array): bigint {
    return allotmentOf(this.record, node)?.settled ?? 0n;
  }

  /** The cap that the next block goes by. */
  cap(node: Uint8Array): bigint {
    const allotment = allotmentOf(this.record, node);
    return allotment ? capAt(allotment, this.height + 1) : 0n;
  }

  /** The least cap that is in sight: a cut that is pending counts as if it held already. */
  capInSight(node: Uint8Array): bigint {
    const [cap, cut] = [this.cap(node), this.cutOf(node)];
    return cut && cut.cap < cap ? cut.cap : cap;
  }

  /** A cut that does not hold yet: the cap it leaves, and the height from which on. */
  cutOf(node: Uint8Array): { cap: bigint; at: number } | undefined {
    const allotment: Allotment | undefined = allotmentOf(this.record, node);
    if (!allotment || allotment.nextCapAt === 0) return undefined;
    return { cap: capAt(allotment, allotment.nextCapAt), at: allotment.nextCapAt };
  }

  /** Nodes that the next block would still let claim something: closing takes their signatures, in this order. */
  get claimants(): Uint8Array[] {
    return this.record.allotments
      .filter(({ node, settled }) => this.cap(node) > settled)
      .map(({ node }) => node);
  }
}

/** The record, once there is one. Throws ESCROW_MISSING. */
export function requireSeen(seen: SeenEscrow | undefined): SeenEscrow {
  if (seen) return seen;
  throw new BitorchError(
    'ESCROW_MISSING',
    'the escrow is not on the ledger, as far as is known here: wait for the block that opens it',
  );
}

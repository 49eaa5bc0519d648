import { concat } from '#base';
import { blob, type Decoded, fixed, integer, list, struct } from '#ledger';
import { HASH_BYTES, MAX_PARTS, PART_BYTES } from '../constants.ts';
import { ensure } from '../errors.ts';
import { isMerkleLeaf, merkleProofs } from './merkle.ts';

/** Depth of a tree over MAX_PARTS leaves. */
const MAX_SIBLINGS = 9;

/** A part of a block's bytes with the proof that it is under the root. */
export const partCodec = struct({
  index: integer(0, MAX_PARTS - 1),
  bytes: blob(PART_BYTES),
  proof: list(fixed(HASH_BYTES), MAX_SIBLINGS),
});

export type Part = Decoded<typeof partCodec>;

/** Longest encoded part, in bytes. */
export const MAX_PART_BYTES = 2 + 3 + PART_BYTES + 1 + MAX_SIBLINGS * HASH_BYTES;

/** What a proposal states about its block's parts. */
export interface PartsHeader {
  readonly root: Uint8Array;
  readonly total: number;
}

/** Splits a block's bytes into parts. */
export function partsOf(bytes: Uint8Array): PartsHeader & { readonly parts: readonly Part[] } {
  const total = Math.max(1, Math.ceil(bytes.length / PART_BYTES));
  const pieces = Array.from({ length: total }, (_, i) => bytes.slice(i * PART_BYTES, (i + 1) * PART_BYTES));
  const { root, proofs } = merkleProofs(pieces);
  return {
    root,
    total,
    parts: pieces.map((piece, index) => ({ index, bytes: piece, proof: proofs[index]! })),
  };
}

/** Collects the parts of one block in any order. */
export class PartSet {
  readonly header: PartsHeader;
  readonly #parts: (Part | undefined)[];
  #count = 0;

  constructor(header: PartsHeader) {
    this.header = header;
    this.#parts = new Array(header.total).fill(undefined);
  }

  get count(): number {
    return this.#count;
  }

  get isComplete(): boolean {
    return this.#count === this.header.total;
  }

  get(index: number): Part | undefined {
    return this.#parts[index];
  }

  has(index: number): boolean {
    return this.#parts[index] !== undefined;
  }

  /** False when the part is already present. Throws PROOF_INVALID when it is not a part of this block. */
  add(part: Part): boolean {
    const { root, total } = this.header;
    if (this.has(part.index)) return false;
    const full = part.index === total - 1 || part.bytes.length === PART_BYTES;
    ensure(
      full && isMerkleLeaf(part.bytes, part.index, total, part.proof, root),
      'PROOF_INVALID',
      'a part of another block',
      {
        index: part.index,
      },
    );
    this.#parts[part.index] = part;
    this.#count++;
    return true;
  }

  /** The block's bytes. Throws RangeError when parts are missing. */
  bytes(): Uint8Array {
    if (!this.isComplete) throw new RangeError(`bytes: ${this.#count} of ${this.header.total} parts`);
    return concat(this.#parts.map((part) => part!.bytes));
  }
}

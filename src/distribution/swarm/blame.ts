import { hash } from 'node:crypto';
import { MAX_SUSPECTED_PIECES, MAX_SUSPECTED_TRIES } from './constants.ts';
import type { UnfinishedPiece } from './unfinished-piece.ts';

interface Suspect {
  sender: string;
  digest: string;
}

/**
 * Finds who sent bad bytes, by origin. A bad piece with one sender convicts it at once; with several, the blocks' hashes are
 * kept until the piece is good, and whoever had sent a different block is convicted then.
 */
export class Blame {
  readonly #suspects = new Map<number, Suspect[][]>();

  /** Whether this piece has been bad before, so that it is better fetched from one peer alone. */
  isSuspected(index: number): boolean {
    return this.#suspects.has(index);
  }

  /** Returns the senders that are guilty beyond doubt. */
  bad(piece: UnfinishedPiece): string[] {
    const senders = new Set(piece.senders.filter((sender) => sender !== undefined));
    if (senders.size === 1) return [...senders];
    const blocks = this.#suspects.get(piece.index) ?? piece.senders.map(() => []);
    if (blocks[0]!.length >= MAX_SUSPECTED_TRIES) return [];
    for (const [block, suspects] of blocks.entries()) {
      suspects.push({ sender: piece.senders[block]!, digest: digestOf(piece, block) });
    }
    this.#suspects.set(piece.index, blocks);
    const [oldest] = this.#suspects.keys();
    if (this.#suspects.size > MAX_SUSPECTED_PIECES) this.#suspects.delete(oldest!);
    return [];
  }

  /** Returns the senders whose earlier blocks of this piece differ from the good ones. */
  good(piece: UnfinishedPiece): string[] {
    const blocks = this.#suspects.get(piece.index);
    if (!blocks) return [];
    this.#suspects.delete(piece.index);
    const guilty = blocks.flatMap((suspects, block) => {
      if (suspects.length === 0) return [];
      const digest = digestOf(piece, block);
      return suspects.filter((suspect) => suspect.digest !== digest).map((suspect) => suspect.sender);
    });
    return [...new Set(guilty)];
  }
}

function digestOf(piece: UnfinishedPiece, block: number): string {
  const { begin, length } = piece.request(block);
  return hash('sha1', piece.bytes.subarray(begin, begin + length), 'base64');
}

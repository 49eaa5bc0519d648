import { hash } from 'node:crypto';
import { MAX_SUSPECTED_PIECES, MAX_SUSPECTED_TRIES, SLOW_REST_MS } from './constants.ts';
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
  /** By piece: origins that were too slow to give it alone, and until when they leave it to others. */
  readonly #slow = new Map<number, Map<string, number>>();

  /** Whether this piece has been bad before, so that it is better fetched from one peer alone. */
  isSuspected(index: number): boolean {
    return this.#suspects.has(index);
  }

  /** Whether a piece that has to come from one peer alone may be asked of this origin. */
  mayGiveAlone(index: number, origin: string, now: number): boolean {
    return (this.#slow.get(index)?.get(origin) ?? 0) <= now;
  }

  /** It had its time for a piece and did not give it: for a while others come first. */
  tooSlow(index: number, origin: string, now: number): void {
    const slow = this.#slow.get(index) ?? new Map<string, number>();
    this.#slow.set(index, slow.set(origin, now + SLOW_REST_MS));
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
    if (this.#suspects.size > MAX_SUSPECTED_PIECES) this.#clear(oldest!);
    return [];
  }

  /** Returns the senders whose earlier blocks of this piece differ from the good ones. */
  good(piece: UnfinishedPiece): string[] {
    const blocks = this.#suspects.get(piece.index);
    if (!blocks) return [];
    this.#clear(piece.index);
    const guilty = blocks.flatMap((suspects, block) => {
      if (suspects.length === 0) return [];
      const digest = digestOf(piece, block);
      return suspects.filter((suspect) => suspect.digest !== digest).map((suspect) => suspect.sender);
    });
    return [...new Set(guilty)];
  }

  #clear(index: number): void {
    this.#suspects.delete(index);
    this.#slow.delete(index);
  }
}

function digestOf(piece: UnfinishedPiece, block: number): string {
  const { begin, length } = piece.request(block);
  return hash('sha1', piece.bytes.subarray(begin, begin + length), 'base64');
}

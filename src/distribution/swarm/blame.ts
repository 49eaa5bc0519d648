import { hash } from 'node:crypto';
import { MAX_SUSPECTED_PIECES, MAX_SUSPECTED_TRIES, SLOW_REST_MS } from './constants.ts';
import type { UnfinishedPiece } from './unfinished-piece.ts';

interface Suspect {
  sender: string;
  digest: string;
}

/**
 * Finds the origin that sent corrupt blocks. A corrupt piece from a single sender convicts it at once. With several
 * senders, the hashes of the blocks are kept until the piece has been received correctly; senders of differing blocks are
 * convicted then.
 */
export class Blame {
  readonly #suspects = new Map<number, Suspect[][]>();
  /** By piece: origins that were too slow to deliver it alone, and the time in ms until which others are preferred. */
  readonly #slow = new Map<number, Map<string, number>>();

  /** Whether this piece was corrupt before, so that it should come from a single peer. */
  isSuspected(index: number): boolean {
    return this.#suspects.has(index);
  }

  /** Whether a piece that must come from a single peer may be requested from this origin. */
  mayDeliverAlone(index: number, origin: string, now: number): boolean {
    return (this.#slow.get(index)?.get(origin) ?? 0) <= now;
  }

  /** Records that an origin did not deliver the piece in time; for a while others are preferred. */
  tooSlow(index: number, origin: string, now: number): void {
    const slow = this.#slow.get(index) ?? new Map<string, number>();
    this.#slow.set(index, slow.set(origin, now + SLOW_REST_MS));
  }

  /** Records a corrupt piece; returns the senders that are certainly guilty. */
  bad(piece: UnfinishedPiece<unknown>): string[] {
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

  /** Records a correct piece; returns the senders whose earlier blocks differ from it. */
  good(piece: UnfinishedPiece<unknown>): string[] {
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

function digestOf(piece: UnfinishedPiece<unknown>, block: number): string {
  const { begin, length } = piece.request(block);
  return hash('sha1', piece.bytes.subarray(begin, begin + length), 'base64');
}

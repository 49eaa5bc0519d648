import { MAX_QUEUED_REQUESTS, READ_RUN_BYTES } from './constants.ts';
import type { BlockRequest } from './wire.ts';

/** A peer's unanswered requests, in order. */
export class RequestQueue {
  readonly #pieceLength: number;
  /** By position in the torrent's content. Requests have been checked to lie within their piece. */
  readonly #requests = new Map<number, BlockRequest>();

  constructor(pieceLength: number) {
    this.#pieceLength = pieceLength;
  }

  get size(): number {
    return this.#requests.size;
  }

  /** Returns false when the queue is full. Duplicates are merged. */
  add({ index, begin, length }: BlockRequest): boolean {
    const position = this.#positionOf(index, begin);
    if (this.#requests.size >= MAX_QUEUED_REQUESTS && !this.#requests.has(position)) return false;
    this.#requests.set(position, { index, begin, length });
    return true;
  }

  /** Returns whether the request was queued. */
  cancel({ index, begin }: BlockRequest): boolean {
    return this.#requests.delete(this.#positionOf(index, begin));
  }

  clear(): void {
    this.#requests.clear();
  }

  /**
   * Removes the first request and those directly after it that continue it within the same piece, up to `most` bytes but at
   * least one.
   */
  takeRun(most = READ_RUN_BYTES): BlockRequest[] {
    const run: BlockRequest[] = [];
    let [end, bytes] = [0, 0];
    for (const [position, request] of this.#requests) {
      const goesOn = run.length === 0 || (request.index === run[0]!.index && request.begin === end);
      bytes += request.length;
      if (!goesOn || (run.length > 0 && bytes > most)) break;
      this.#requests.delete(position);
      run.push(request);
      end = request.begin + request.length;
    }
    return run;
  }

  #positionOf(index: number, begin: number): number {
    return index * this.#pieceLength + begin;
  }
}

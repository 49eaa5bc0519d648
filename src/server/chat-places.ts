import { BitorchError } from '#base';

/** Maximum concurrent answers per token or session. An answer occupies a slot on every stage of its route. */
const MAX_CHATS = 16;

/** Limits the answers in progress per client. */
export class ChatPlaces {
  readonly #open = new Map<string, number>();

  /** Reserves `count` slots. The returned function releases them; calling it again has no effect. Throws CHATS_TOO_MANY when there are not enough. */
  take(holder: string, count: number): () => void {
    const others = this.#open.get(holder) ?? 0;
    if (others + count > MAX_CHATS)
      throw new BitorchError(
        'CHATS_TOO_MANY',
        `${MAX_CHATS} chats of this token are in progress: wait for one of them to end`,
      );
    this.#open.set(holder, others + count);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const left = this.#open.get(holder)! - count;
      if (left > 0) this.#open.set(holder, left);
      else this.#open.delete(holder);
    };
  }
}

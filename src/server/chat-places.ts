import { BitorchError } from '#base';

/** Of one token or session at a time. An answer holds a place on every stage that it goes through. */
const MAX_CHATS = 16;

/** The chats that are being answered, by who asked for them. */
export class ChatPlaces {
  readonly #open = new Map<string, number>();

  /** Takes places for `count` answers; the result gives them back, once is enough. Throws CHATS_TOO_MANY. */
  take(holder: string, count: number): () => void {
    const others = this.#open.get(holder) ?? 0;
    if (others + count > MAX_CHATS)
      throw new BitorchError(
        'CHATS_TOO_MANY',
        `${MAX_CHATS} chats of this token are being answered: wait for one of them to end`,
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

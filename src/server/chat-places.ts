import { BitorchError } from '#base';

/** Answers of one token or session that are written at the same time. An answer occupies a slot on every stage of its route. */
const MAX_CHATS = 16;
/** Answers of one token or session that wait for their turn. */
const MAX_WAITING = 256;
/** When to try again where too many wait, in seconds. */
const RETRY_AFTER_S = 10;

interface Waiting {
  readonly count: number;
  readonly start: () => void;
}

interface Holder {
  running: number;
  /** In order of their requests. */
  readonly waiting: Waiting[];
}

/** Limits the answers in progress per client: those beyond the limit wait for their turn. */
export class ChatPlaces {
  readonly #holders = new Map<string, Holder>();

  /**
   * Resolves when `count` more answers may be written. The returned function ends them; calling it again has no effect. Throws
   * CHATS_TOO_MANY when too many wait, or are asked for at once, and the reason of `signal`.
   */
  async take(name: string, count: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const holder = this.#holders.get(name) ?? { running: 0, waiting: [] };
    this.#holders.set(name, holder);
    if (count > MAX_CHATS || holder.waiting.length >= MAX_WAITING) throw tooMany();
    const turn = Promise.withResolvers<void>();
    const waiting = { count, start: turn.resolve };
    holder.waiting.push(waiting);
    const leave = () => {
      holder.waiting.splice(holder.waiting.indexOf(waiting), 1);
      turn.reject(signal.reason);
      this.#next(name, holder);
    };
    this.#next(name, holder);
    if (holder.waiting.includes(waiting)) {
      signal.addEventListener('abort', leave, { once: true });
      await turn.promise.finally(() => signal.removeEventListener('abort', leave));
    }
    let isRunning = true;
    return () => {
      if (!isRunning) return;
      isRunning = false;
      holder.running -= count;
      this.#next(name, holder);
    };
  }

  #next(name: string, holder: Holder): void {
    for (
      let [next] = holder.waiting;
      next && holder.running + next.count <= MAX_CHATS;
      [next] = holder.waiting
    ) {
      holder.waiting.shift();
      holder.running += next.count;
      next.start();
    }
    if (holder.running === 0 && holder.waiting.length === 0) this.#holders.delete(name);
  }
}

const tooMany = (): BitorchError =>
  new BitorchError(
    'CHATS_TOO_MANY',
    `one token gets ${MAX_CHATS} answers at a time, and ${MAX_WAITING} wait for theirs: ask for fewer`,
    { retryAfterS: RETRY_AFTER_S },
  );

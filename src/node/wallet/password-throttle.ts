import { BitorchError, backoffMs, codeOf, Mutex } from '#base';

/** Typing errors cost nothing; from then on each wrong password doubles the wait. */
const FREE_TRIES = 3;
const WAITS = { firstMs: 1_000, lastMs: 300_000 };

/** Slows down password guessing, over all ways of access together. */
export class PasswordThrottle {
  readonly #now: () => number;
  #wrong = 0;
  #until = 0;
  readonly #tries = new Mutex();

  /** `now`: milliseconds that only go on. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Does `work`, which tries a password, when the tries before it are over: guesses at once would all be free. Throws
   * PASSWORD_THROTTLED, without trying, while the wait after wrong ones lasts, and what `work` throws: PASSWORD_WRONG counts.
   */
  try<T>(work: () => Promise<T>): Promise<T> {
    return this.#tries.run(() => this.#try(work));
  }

  async #try<T>(work: () => Promise<T>): Promise<T> {
    const wait = Math.ceil((this.#until - this.#now()) / 1000);
    if (wait > 0)
      throw new BitorchError(
        'PASSWORD_THROTTLED',
        `the password was wrong ${this.#wrong} times: try again in ${wait} s`,
        { retryAfterSeconds: wait },
      );
    try {
      const result = await work();
      this.#wrong = 0;
      return result;
    } catch (error) {
      if (codeOf(error) === 'PASSWORD_WRONG') this.#punish();
      throw error;
    }
  }

  #punish(): void {
    this.#wrong++;
    if (this.#wrong < FREE_TRIES) return;
    this.#until = this.#now() + backoffMs(WAITS, this.#wrong - FREE_TRIES + 1);
  }
}

import { BitorchError } from '#base';
import { IDLE_MESSAGES, IDLE_MESSAGES_PER_SECOND } from './constants.ts';

/**
 * Token bucket for messages that change nothing (keep-alives, repeated signals and haves, unknown messages): each is cheap,
 * a flood is not.
 */
export class TokenBucket {
  #left = IDLE_MESSAGES;
  #at = 0;

  /** Takes `cost` tokens; `now` in ms. Throws WIRE_INVALID when the bucket is empty. */
  spend(cost: number, now: number): void {
    const earned = (Math.max(0, now - this.#at) * IDLE_MESSAGES_PER_SECOND) / 1000;
    this.#left = Math.min(IDLE_MESSAGES, this.#left + earned) - cost;
    this.#at = now;
    if (this.#left < 0) {
      throw new BitorchError(
        'WIRE_INVALID',
        'peer violated the protocol: a flood of messages that change nothing',
      );
    }
  }
}

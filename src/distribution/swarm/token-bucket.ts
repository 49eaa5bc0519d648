import { BitorchError } from '#base';
import { IDLE_MESSAGES, IDLE_MESSAGES_PER_SECOND } from './constants.ts';

/**
 * What a peer may cost by messages that change nothing (keep-alives, repeated signals and haves, unknown messages):
 * each is cheap, a stream of them is not. A token bucket.
 */
export class TokenBucket {
  #left = IDLE_MESSAGES;
  #at = 0;

  /** Throws BitorchError `WIRE_INVALID` when the peer has used up what it may cost. `now` in ms. */
  spend(cost: number, now: number): void {
    const earned = (Math.max(0, now - this.#at) * IDLE_MESSAGES_PER_SECOND) / 1000;
    this.#left = Math.min(IDLE_MESSAGES, this.#left + earned) - cost;
    this.#at = now;
    if (this.#left < 0) {
      throw new BitorchError(
        'WIRE_INVALID',
        'peer broke the protocol: a flood of messages that change nothing',
      );
    }
  }
}

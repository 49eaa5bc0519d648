import { randomBytes } from 'node:crypto';
import { sha256, toHex, utf8 } from '#base';

/** A page that was not used for this long signs in again. */
const IDLE_MS = 7 * 24 * 3_600_000;
const MAX_SESSIONS = 64;

/**
 * The browsers that are signed in. Each has a random secret of its own, which follows from nothing; they end with the node,
 * when they sign out, when they are idle for a week, and when 64 others came after them.
 */
export class Sessions {
  /** By hash of the secret, the one used last at the end: milliseconds of its last use. */
  readonly #used = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Begins one; returns its secret. */
  open(): string {
    const secret = randomBytes(32).toString('base64url');
    this.#used.set(keyOf(secret), this.#now());
    if (this.#used.size > MAX_SESSIONS) this.#used.delete(this.#used.keys().next().value!);
    return secret;
  }

  /** Whether the secret is that of a session, which counts as used now. */
  use(secret: string): boolean {
    const key = keyOf(secret);
    const before = this.#used.get(key);
    this.#used.delete(key);
    if (before === undefined || this.#now() - before > IDLE_MS) return false;
    this.#used.set(key, this.#now());
    return true;
  }

  close(secret: string): void {
    this.#used.delete(keyOf(secret));
  }
}

/** Looking up a hash tells nothing of the secret by the time it takes. */
const keyOf = (secret: string): string => toHex(sha256(utf8(secret)));

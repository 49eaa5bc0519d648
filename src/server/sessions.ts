import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { check, dropOldest, Mutex, sha256, toHex, utf8, writeFileAtomic, z } from '#base';

/** Idle time in ms after which a session expires. */
const IDLE_MS = 7 * 24 * 3_600_000;
const MAX_SESSIONS = 64;

const fileSchema = z.array(z.tuple([z.string().regex(/^[0-9a-f]{64}$/), z.number()])).max(MAX_SESSIONS);

/**
 * Sessions of signed-in browsers, each with a random secret. A session ends when the browser signs out, after a week without
 * use, or when 64 newer ones exist. A file stores hashes of the secrets, so that sessions survive a restart of the node.
 */
export class Sessions {
  readonly #path: string;
  /** Time of last use, ms since epoch, by hash of the secret; most recently used last. */
  readonly #used: Map<string, number>;
  readonly #now: () => number;
  readonly #saves = new Mutex();

  private constructor(path: string, used: Map<string, number>, now: () => number) {
    this.#path = path;
    this.#used = used;
    this.#now = now;
  }

  /** Loads the sessions of the file; none when it is missing or damaged, and browsers then sign in again. */
  static async load(path: string, now: () => number = Date.now): Promise<Sessions> {
    const kept = await readFile(path, 'utf8')
      .then((text) => check(fileSchema, JSON.parse(text), path))
      .catch(() => []);
    return new Sessions(path, new Map(kept), now);
  }

  /** Creates a session, valid at once, and returns its secret. */
  open(): string {
    const secret = randomBytes(32).toString('base64url');
    this.#used.set(keyOf(secret), this.#now());
    dropOldest(this.#used, MAX_SESSIONS);
    this.#saveSoon();
    return secret;
  }

  /** Whether the secret belongs to a session; marks the session as used. */
  use(secret: string): boolean {
    const key = keyOf(secret);
    const before = this.#used.get(key);
    this.#used.delete(key);
    if (before === undefined || this.#now() - before > IDLE_MS) return false;
    this.#used.set(key, this.#now());
    return true;
  }

  close(secret: string): void {
    if (this.#used.delete(keyOf(secret))) this.#saveSoon();
  }

  /** Saves the times of last use, after any write in progress. */
  save(): Promise<void> {
    return this.#saves.run(() => writeFileAtomic(this.#path, JSON.stringify([...this.#used]), 0o600));
  }

  /** Saves in the background. If that fails, browsers sign in again after the next start. */
  #saveSoon(): void {
    this.save().catch(() => undefined);
  }
}

/** Sessions are looked up by hash, whose timing reveals nothing about the secret. */
const keyOf = (secret: string): string => toHex(sha256(utf8(secret)));

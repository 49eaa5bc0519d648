import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { check, Mutex, sha256, toHex, utf8, writeFileAtomic, z } from '#base';

/** A page that was not used for this long signs in again. */
const IDLE_MS = 7 * 24 * 3_600_000;
const MAX_SESSIONS = 64;

const fileSchema = z.array(z.tuple([z.string().regex(/^[0-9a-f]{64}$/), z.number()])).max(MAX_SESSIONS);

/**
 * The browsers that are signed in. Each has a random secret of its own, which follows from nothing; it ends when the browser
 * signs out, when it is idle for a week, and when 64 others came after it. A file keeps hashes of them, so that a node that
 * starts again knows its page.
 */
export class Sessions {
  readonly #path: string;
  /** By hash of the secret, the one used last at the end: milliseconds since epoch of its last use. */
  readonly #used: Map<string, number>;
  readonly #now: () => number;
  readonly #saves = new Mutex();

  private constructor(path: string, used: Map<string, number>, now: () => number) {
    this.#path = path;
    this.#used = used;
    this.#now = now;
  }

  /** Those of the file; none where it is missing or damaged: then browsers sign in again. */
  static async load(path: string, now: () => number = Date.now): Promise<Sessions> {
    const kept = await readFile(path, 'utf8')
      .then((text) => check(fileSchema, JSON.parse(text), path))
      .catch(() => []);
    return new Sessions(path, new Map(kept), now);
  }

  /** Begins one, which is good at once; returns its secret. */
  open(): string {
    const secret = randomBytes(32).toString('base64url');
    this.#used.set(keyOf(secret), this.#now());
    if (this.#used.size > MAX_SESSIONS) this.#used.delete(this.#used.keys().next().value!);
    this.#saveSoon();
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
    if (this.#used.delete(keyOf(secret))) this.#saveSoon();
  }

  /** Writes down when each was used last, after what is being written. */
  save(): Promise<void> {
    return this.#saves.run(() => writeFileAtomic(this.#path, JSON.stringify([...this.#used]), 0o600));
  }

  /** Nobody waits for the disk; where it fails, browsers sign in again after the next start. */
  #saveSoon(): void {
    this.save().catch(() => undefined);
  }
}

/** Looking up a hash tells nothing of the secret by the time it takes. */
const keyOf = (secret: string): string => toHex(sha256(utf8(secret)));

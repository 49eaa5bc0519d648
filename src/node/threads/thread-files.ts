import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BitorchError, check, concat, domainHash, utf8, writeFileAtomic } from '#base';
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, aeadOpen, aeadSeal, systemRandom } from '#crypto';
import { type Thread, zThread } from '../api/threads.ts';

/** First byte of a file. */
const VERSION = 1;
const HEADER_BYTES = 1 + AEAD_NONCE_BYTES;
/** Larger files are not read. */
const MAX_FILE_BYTES = 8 * 2 ** 20;
const NAME = /^[0-9a-f-]{36}$/;
const DELETED = '.deleted';

/**
 * The files of the conversations, one each: version 1 ‖ nonce 12 ‖ ChaCha20-Poly1305 of its JSON. The key is derived from the
 * node's key and the id of the conversation, so a file is useless without the node's key and under another name. Files are
 * replaced atomically.
 */
export class ThreadFiles {
  readonly #folder: string;
  readonly #seed: Uint8Array;

  constructor({ folder, seed }: { folder: string; seed: Uint8Array }) {
    this.#folder = folder;
    this.#seed = seed;
  }

  /** Ids and sizes in bytes of all files, after removing what was deleted before. */
  async list(): Promise<{ id: string; bytes: number }[]> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const names = await readdir(this.#folder);
    // Deleted conversations, and temporary files of a write that a crash interrupted.
    for (const name of names) if (!NAME.test(name)) await rm(join(this.#folder, name), { force: true });
    const ids = names.filter((name) => NAME.test(name));
    return Promise.all(ids.map(async (id) => ({ id, bytes: (await stat(this.#path(id))).size })));
  }

  /** Throws THREAD_DAMAGED when the file cannot be decrypted or does not hold a conversation. */
  async read(id: string): Promise<Thread> {
    try {
      const { size } = await stat(this.#path(id));
      if (size > MAX_FILE_BYTES) throw new RangeError('the file is too large');
      const bytes = new Uint8Array(await readFile(this.#path(id)));
      if (bytes[0] !== VERSION) throw new RangeError(`version ${bytes[0]}`);
      const opened = aeadOpen(bytes.slice(HEADER_BYTES), bytes.subarray(1, HEADER_BYTES), this.#key(id));
      return check(zThread, JSON.parse(new TextDecoder().decode(opened)), 'conversation');
    } catch (error) {
      throw new BitorchError(
        'THREAD_DAMAGED',
        `the conversation in ${this.#path(id)} is damaged, or was written with another node's key`,
        {},
        error,
      );
    }
  }

  write(id: string, sealed: Uint8Array): Promise<void> {
    return writeFileAtomic(this.#path(id), sealed, 0o600);
  }

  /** The content of a conversation's file. */
  seal(thread: Thread): Uint8Array {
    const message = utf8(JSON.stringify(thread));
    const nonce = systemRandom(AEAD_NONCE_BYTES);
    const sealed = new Uint8Array(message.length + AEAD_TAG_BYTES);
    aeadSeal(sealed, message, nonce, this.#key(thread.id));
    return concat([Uint8Array.of(VERSION), nonce, sealed]);
  }

  /** Marks a file as deleted: the next start removes it. */
  hide(id: string): Promise<void> {
    return rename(this.#path(id), this.#path(id) + DELETED);
  }

  unhide(id: string): Promise<void> {
    return rename(this.#path(id) + DELETED, this.#path(id));
  }

  /** Removes a file that was marked as deleted. */
  async purge(id: string): Promise<void> {
    await rm(this.#path(id) + DELETED, { force: true });
  }

  #path(id: string): string {
    return join(this.#folder, id);
  }

  #key(id: string): Uint8Array {
    return domainHash('thread-key', this.#seed, utf8(id));
  }
}

import { timingSafeEqual } from 'node:crypto';
import sodium from 'sodium-native';
import { BitorchError, concat, equalBytes, utf8 } from '#base';
import { type RandomBytes, systemRandom } from './random.ts';

/** Cost of one password attempt: Argon2id passes and memory (RFC 9106). */
export interface PasswordCost {
  readonly passes: number;
  readonly memoryKiB: number;
}

/** The second recommendation of RFC 9106; about 0.2 s. */
const DEFAULT_PASSWORD_COST: PasswordCost = { passes: 3, memoryKiB: 65_536 };

/** A file that demands more is rejected before any work. */
const MAX_PASSES = 16;
const MAX_MEMORY_KIB = 1_048_576;

const MAGIC = utf8('bitorch-sealed-1');
const SALT_BYTES = 16;
const NONCE_BYTES = 24;
const HEADER_BYTES = MAGIC.length + 8 + SALT_BYTES + NONCE_BYTES;

/**
 * Encrypts with a password: Argon2id derives the key, XChaCha20-Poly1305 encrypts the bytes and authenticates the header too
 * (magic 16 ‖ passes 4 ‖ KiB 4, little-endian ‖ salt 16 ‖ nonce 24).
 */
export async function sealWithPassword(
  password: string,
  message: Uint8Array,
  cost: PasswordCost = DEFAULT_PASSWORD_COST,
  random: RandomBytes = systemRandom,
): Promise<Uint8Array> {
  const costs = new Uint8Array(8);
  new DataView(costs.buffer).setUint32(0, cost.passes, true);
  new DataView(costs.buffer).setUint32(4, cost.memoryKiB, true);
  const header = concat([MAGIC, costs, random(SALT_BYTES), random(NONCE_BYTES)]);
  return withKey(password, header, (key, nonce) => {
    const sealed = new Uint8Array(message.length + sodium.crypto_aead_xchacha20poly1305_ietf_ABYTES);
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, message, header, null, nonce, key);
    return concat([header, sealed]);
  });
}

/**
 * Decrypts a sealed box. Throws SEALED_INVALID when the bytes are not a sealed box, or PASSWORD_WRONG when the password is wrong
 * or the bytes were changed.
 */
export async function openWithPassword(password: string, sealed: Uint8Array): Promise<Uint8Array> {
  const header = sealed.subarray(0, HEADER_BYTES);
  const body = sealed.subarray(HEADER_BYTES);
  const tagBytes = sodium.crypto_aead_xchacha20poly1305_ietf_ABYTES;
  if (!equalBytes(header.subarray(0, MAGIC.length), MAGIC) || body.length < tagBytes) {
    throw new BitorchError('SEALED_INVALID', 'this is not a file encrypted by Bitorch');
  }
  return withKey(password, header, (key, nonce) => {
    const message = new Uint8Array(body.length - tagBytes);
    try {
      sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(message, null, body, header, nonce, key);
    } catch {
      throw new BitorchError('PASSWORD_WRONG', 'the password is wrong, or the file is damaged');
    }
    return message;
  });
}

/** A stored password that others are compared with. Each comparison costs one Argon2id, right or wrong. */
export class PasswordCheck {
  readonly #cost: PasswordCost;
  readonly #salt: Uint8Array;
  readonly #key: Uint8Array;

  private constructor(cost: PasswordCost, salt: Uint8Array, key: Uint8Array) {
    this.#cost = cost;
    this.#salt = salt;
    this.#key = key;
  }

  static async of(password: string, cost: PasswordCost = DEFAULT_PASSWORD_COST): Promise<PasswordCheck> {
    const salt = systemRandom(SALT_BYTES);
    return new PasswordCheck(cost, salt, await keyOf(password, salt, cost));
  }

  async matches(password: string): Promise<boolean> {
    return timingSafeEqual(await keyOf(password, this.#salt, this.#cost), this.#key);
  }
}

async function withKey<T>(
  password: string,
  header: Uint8Array,
  use: (key: Uint8Array, nonce: Uint8Array) => T,
): Promise<T> {
  const view = new DataView(header.buffer, header.byteOffset);
  const passes = view.getUint32(MAGIC.length, true);
  const memoryKiB = view.getUint32(MAGIC.length + 4, true);
  if (passes < 1 || passes > MAX_PASSES || memoryKiB < 8 || memoryKiB > MAX_MEMORY_KIB) {
    throw new BitorchError('SEALED_INVALID', 'the file demands more password-hashing work than the limit');
  }
  const salt = header.subarray(MAGIC.length + 8, MAGIC.length + 8 + SALT_BYTES);
  const key = await keyOf(password, salt, { passes, memoryKiB });
  try {
    return use(key, header.subarray(-NONCE_BYTES));
  } finally {
    sodium.sodium_memzero(key);
  }
}

/** Runs in a worker thread, because Argon2id takes about 0.2 s. */
async function keyOf(
  password: string,
  salt: Uint8Array,
  { passes, memoryKiB }: PasswordCost,
): Promise<Uint8Array> {
  const secret = utf8(password.normalize('NFKC'));
  const key = new Uint8Array(32);
  const algorithm = sodium.crypto_pwhash_ALG_ARGON2ID13;
  try {
    await sodium.crypto_pwhash_async(key, secret, salt, passes, memoryKiB * 1024, algorithm);
    return key;
  } finally {
    sodium.sodium_memzero(secret);
  }
}

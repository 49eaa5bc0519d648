import sodium from 'sodium-native';
import { BitorchError } from '#base';

export const AEAD_KEY_BYTES = 32;
export const AEAD_NONCE_BYTES = 12;
export const AEAD_TAG_BYTES = 16;

/**
 * Encrypts with ChaCha20-Poly1305 (RFC 8439) in place: `message` is all of `sealed` but its last 16 bytes, which become the
 * tag. A nonce is never used twice with a key. libsodium has nothing to set up for a call, which takes it a tenth of what
 * node:crypto takes for a small message.
 */
export function aeadSeal(sealed: Uint8Array, message: Uint8Array, nonce: Uint8Array, key: Uint8Array): void {
  sodium.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, message, null, null, nonce, key);
}

/** The message that aeadSeal was given, in the place of what was sealed. Throws SEAL_INVALID when it is not that. */
export function aeadOpen(sealed: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array {
  if (sealed.length >= AEAD_TAG_BYTES) {
    const message = sealed.subarray(0, sealed.length - AEAD_TAG_BYTES);
    try {
      sodium.crypto_aead_chacha20poly1305_ietf_decrypt(message, null, sealed, null, nonce, key);
      return message;
    } catch {
      // falls through to the one error below
    }
  }
  throw new BitorchError(
    'SEAL_INVALID',
    'sealed bytes are not what was sealed, or were for another time or key',
  );
}

import { createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto';
import { BitorchError, domainHash, fromHex } from '#base';
import { defaultCurve } from './default-curve.ts';
import { isSignature } from './ed25519.ts';
import { type Aggregate, isAggregate } from './half-aggregate.ts';

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
export const SEED_BYTES = 32;

const PKCS8_ED25519 = fromHex('302e020100300506032b657004220420');
const SPKI_ED25519 = fromHex('302a300506032b6570032100');

/** An Ed25519 key pair (RFC 8032). */
export class SigningKey {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly #key: KeyObject;

  constructor(seed: Uint8Array) {
    if (seed.length !== SEED_BYTES)
      throw new BitorchError('KEY_INVALID', `a seed has ${SEED_BYTES} bytes, not ${seed.length}`);
    this.seed = seed;
    this.#key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
    const spki = createPublicKey(this.#key).export({ format: 'der', type: 'spki' });
    this.publicKey = new Uint8Array(spki.subarray(SPKI_ED25519.length));
  }

  static generate(): SigningKey {
    return new SigningKey(new Uint8Array(randomBytes(SEED_BYTES)));
  }

  /** Signs domainHash(purpose, message), so that a signature for one purpose is not valid for another. Returns 64 bytes. */
  sign(purpose: string, message: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, domainHash(purpose, message), this.#key));
  }
}

/** Whether the signature over `message` for this purpose is valid, by ZIP-215; false for malformed input. */
export const verifySignature = (
  purpose: string,
  message: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array,
): boolean => isSignature(defaultCurve(), { message: domainHash(purpose, message), signature, publicKey });

/** `verifySignature` for an aggregate of the signatures of all these keys. */
export const verifyAggregate = (
  purpose: string,
  message: Uint8Array,
  aggregate: Aggregate,
  publicKeys: readonly Uint8Array[],
): boolean => isAggregate(defaultCurve(), { message: domainHash(purpose, message), publicKeys, aggregate });

import { createHash } from 'node:crypto';
import { concat, equalBytes } from '#base';
import type { Curve, Point, Scalar } from '../curve.ts';
import type { SigningKey } from '../keys.ts';

/**
 * ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381 (section 5.5, suite 0x03): a hash that only the holder of a key can compute and
 * everybody can verify. Uses Ed25519 keys. A key and an input have exactly one output (full uniqueness: keys of small order are
 * rejected, section 5.4.5).
 */

const SUITE = 0x03;
const ENCODE = 0x01;
const CHALLENGE = 0x02;
const OUTPUT = 0x03;
const END = 0x00;
const POINT_BYTES = 32;
const CHALLENGE_BYTES = 16;

export const VRF_PROOF_BYTES = 80;

/** A VRF output, 64 bytes, and its proof, 80 bytes. */
export interface VrfProof {
  readonly proof: Uint8Array;
  readonly output: Uint8Array;
}

interface Parts {
  readonly gamma: Point;
  readonly challenge: Scalar;
  readonly response: Scalar;
}

const sha512 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

/** Proves, section 5.1. Constant time in the secret. */
export function proveVrf(key: SigningKey, input: Uint8Array, curve: Curve): VrfProof {
  const { scalars } = curve;
  const hashed = sha512(key.seed);
  const secret = scalars.reduce(clamp(hashed.slice(0, 32)));
  const base = encodeToCurve(key.publicKey, input, curve);
  const baseBytes = curve.encode(base);
  const gamma = curve.multiplySecret(secret, base);
  const nonce = scalars.reduce(sha512(hashed.subarray(32), baseBytes));
  const commitments = [curve.multiplyBaseSecret(nonce), curve.multiplySecret(nonce, base)];
  const points = curve.encodeAll([gamma, ...commitments]);
  const challenge = challengeOf([key.publicKey, baseBytes, ...points]);
  const response = scalars.add(nonce, scalars.multiply(challenge, secret));
  const proof = concat([points[0]!, challenge.subarray(0, CHALLENGE_BYTES), response]);
  return { proof, output: outputOf(gamma, curve) };
}

/** Verifies, section 5.3: the output, or undefined when the proof or the key is not valid. */
export function verifyVrf(
  publicKey: Uint8Array,
  input: Uint8Array,
  proof: Uint8Array,
  curve: Curve,
): Uint8Array | undefined {
  const key = curve.decode(publicKey);
  const parts = decodeProof(proof, curve);
  if (!key || !parts || curve.isIdentity(curve.multiplyByCofactor(key))) return undefined;
  const { gamma, challenge, response } = parts;
  const base = encodeToCurve(publicKey, input, curve);
  const minus = curve.scalars.subtract(new Uint8Array(32), challenge);
  const u = curve.multiScalar(minus, [key], response);
  const v = curve.multiScalar(concat([response, minus]), [base, gamma]);
  const points = curve.encodeAll([base, gamma, u, v]);
  return equalBytes(challengeOf([publicKey, ...points]), challenge) ? outputOf(gamma, curve) : undefined;
}

/** Decodes a proof, section 5.4.4: Γ 32 ‖ c 16 ‖ s 32, with s below the group order; undefined otherwise. */
function decodeProof(proof: Uint8Array, curve: Curve): Parts | undefined {
  if (proof.length !== VRF_PROOF_BYTES) return undefined;
  const gamma = curve.decode(proof.subarray(0, POINT_BYTES));
  const challenge = widen(proof.subarray(POINT_BYTES, POINT_BYTES + CHALLENGE_BYTES));
  const response = proof.slice(POINT_BYTES + CHALLENGE_BYTES);
  return gamma && curve.scalars.isCanonical(response) ? { gamma, challenge, response } : undefined;
}

/** Section 5.4.1.1, try and increment, with the public key as salt: two attempts on average. */
function encodeToCurve(publicKey: Uint8Array, input: Uint8Array, curve: Curve): Point {
  for (let counter = 0; counter < 256; counter++) {
    const hash = sha512(Uint8Array.of(SUITE, ENCODE), publicKey, input, Uint8Array.of(counter, END));
    const found = curve.decode(hash.subarray(0, POINT_BYTES));
    const point = found && curve.multiplyByCofactor(found);
    if (point && !curve.isIdentity(point)) return point;
  }
  throw new RangeError('encodeToCurve: no point after 256 hashes, which has probability 2^-256');
}

/** Challenge, section 5.4.3, as a scalar. */
function challengeOf(points: readonly Uint8Array[]): Scalar {
  const hash = sha512(Uint8Array.of(SUITE, CHALLENGE), ...points, Uint8Array.of(END));
  return widen(hash.subarray(0, CHALLENGE_BYTES));
}

/** Output of a proof, section 5.2. */
function outputOf(gamma: Point, curve: Curve): Uint8Array {
  const point = curve.encode(curve.multiplyByCofactor(gamma));
  return sha512(Uint8Array.of(SUITE, OUTPUT), point, Uint8Array.of(END));
}

function widen(challenge: Uint8Array): Scalar {
  const scalar = new Uint8Array(32);
  scalar.set(challenge);
  return scalar;
}

/** Secret scalar of a key, RFC 8032, section 5.1.5. */
function clamp(bytes: Uint8Array): Uint8Array {
  bytes[0]! &= 248;
  bytes[31]! &= 127;
  bytes[31]! |= 64;
  return bytes;
}

import {
  BitorchError,
  check,
  concat,
  type DecodeLimits,
  decodeCanonical,
  encodeCanonical,
  type z,
} from '#base';
import { SIGNATURE_BYTES, type SigningKey, verifySignature } from './keys.ts';

/** Encodes a signed message: 64 bytes of signature over purpose and body, then the body in canonical CBOR. */
export function sealSigned(purpose: string, value: unknown, key: SigningKey): Uint8Array {
  const body = encodeCanonical(value);
  return concat([key.sign(purpose, body), body]);
}

/**
 * Opens a signed message from an untrusted peer. Throws SIGNATURE_INVALID, CODEC_INVALID or SCHEMA_INVALID when it is not valid.
 */
export function openSigned<T>(
  purpose: string,
  schema: z.ZodType<T>,
  sealed: Uint8Array,
  signer: Uint8Array,
  maxBytes: number,
  limits?: DecodeLimits,
): T {
  const body = sealed.subarray(SIGNATURE_BYTES);
  if (body.length > maxBytes) {
    throw new BitorchError(
      'CODEC_INVALID',
      `${purpose} of ${body.length} bytes is over the limit of ${maxBytes}`,
    );
  }
  if (!verifySignature(purpose, body, sealed.subarray(0, SIGNATURE_BYTES), signer)) {
    throw new BitorchError('SIGNATURE_INVALID', `the ${purpose} is not signed by the key that it names`);
  }
  return check(schema, decodeCanonical(body, maxBytes, limits), purpose);
}

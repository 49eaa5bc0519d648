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

/** A signed message as it travels: 64 bytes of signature over the purpose and the body, then the canonical CBOR body. */
export function sealSigned(purpose: string, value: unknown, key: SigningKey): Uint8Array {
  const body = encodeCanonical(value);
  return concat([key.sign(purpose, body), body]);
}

/**
 * Opens a signed message of a stranger; nothing is decoded before its signature is found right. Throws SIGNATURE_INVALID,
 * CODEC_INVALID or SCHEMA_INVALID.
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
    throw new BitorchError('SIGNATURE_INVALID', `the ${purpose} is not signed by the one it names`);
  }
  return check(schema, decodeCanonical(body, maxBytes, limits), purpose);
}

import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import { equalBytes } from './bytes.ts';
import { cborExcess, type DecodeLimits } from './cbor-cost.ts';
import { BitorchError, messageOf } from './errors.ts';

/** Canonical CBOR (RFC 8949 §4.2): the only encoding for signed or hashed data. */
export function encodeCanonical(value: unknown): Uint8Array {
  return encode(value, rfc8949EncodeOptions);
}

/** Default bounds; messages with thousands of entries pass their own. */
const MAX_ITEMS = 1 << 14;
const MAX_DEPTH = 16;

/**
 * Decodes canonical CBOR from an untrusted peer. Size, value count and depth are checked before any object is created;
 * indefinite lengths, duplicate keys, trailing bytes and non-canonical encodings are rejected. Throws CODEC_INVALID.
 */
export function decodeCanonical(bytes: Uint8Array, maxBytes: number, limits: DecodeLimits = {}): unknown {
  if (bytes.length > maxBytes) {
    throw new BitorchError(
      'CODEC_INVALID',
      `message of ${bytes.length} bytes is over the limit of ${maxBytes}`,
    );
  }
  const excess = cborExcess(bytes, { items: MAX_ITEMS, depth: MAX_DEPTH, ...limits });
  if (excess) throw new BitorchError('CODEC_INVALID', `not canonical CBOR of allowed size: ${excess}`);
  let value: unknown;
  try {
    value = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      rejectDuplicateMapKeys: true,
    });
  } catch (error) {
    throw new BitorchError('CODEC_INVALID', `not canonical CBOR: ${messageOf(error)}`);
  }
  if (!equalBytes(encodeCanonical(value), bytes)) {
    throw new BitorchError('CODEC_INVALID', 'not canonical CBOR: not the canonical encoding of this value');
  }
  return value;
}

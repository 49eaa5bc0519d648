import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import { equalBytes } from './bytes.ts';
import { cborExcess, type DecodeLimits } from './cbor-cost.ts';
import { BitorchError, messageOf } from './errors.ts';

/** Canonical CBOR (RFC 8949 §4.2): the only encoding of what is signed or hashed. */
export function encodeCanonical(value: unknown): Uint8Array {
  return encode(value, rfc8949EncodeOptions);
}

/** A message is small: what carries thousands of entries says how many. */
const MAX_ITEMS = 1 << 14;
const MAX_DEPTH = 16;

/**
 * Strict decoding of canonical CBOR from a stranger: bounded in bytes, values and depth before any value is made, no
 * indefinite lengths, no duplicate keys, no trailing bytes, and the one canonical spelling. Throws BitorchError
 * `CODEC_INVALID`.
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
    throw new BitorchError('CODEC_INVALID', 'not canonical CBOR: another spelling of the same value');
  }
  return value;
}

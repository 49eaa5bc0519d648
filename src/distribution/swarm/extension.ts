import { utf8 } from '#base';
import { type BencodeValue, decodeBencode, encodeBencode } from '../bencode.ts';
import { MAX_QUEUED_REQUESTS } from './constants.ts';

/** The extension protocol (BEP 10), of which only the handshake is used: https://www.bittorrent.org/beps/bep_0010.html */

const LIMITS = { maxBytes: 16 * 1024, maxDepth: 4, maxItems: 512, lenient: true };

/** Payload of our extension handshake: no extensions, and the length of our request queue. */
export const EXTENSION_HANDSHAKE = encodeBencode(
  new Map<string, BencodeValue>([
    ['m', new Map()],
    ['reqq', MAX_QUEUED_REQUESTS],
    ['v', utf8('Bitorch')],
  ]),
);

/** Request queue length in a peer's extension handshake; undefined when it has none. */
export function requestLimitOf(payload: Uint8Array): number | undefined {
  try {
    const handshake = decodeBencode(payload, LIMITS);
    const limit = handshake instanceof Map ? handshake.get('reqq') : undefined;
    return typeof limit === 'number' && limit >= 1 ? limit : undefined;
  } catch {
    // Malformed in some client's way; the value is only a hint.
    return undefined;
  }
}

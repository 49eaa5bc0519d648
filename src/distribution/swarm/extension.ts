import { utf8 } from '#base';
import { type BencodeValue, decodeBencode, encodeBencode } from '../bencode.ts';
import { MAX_QUEUED_REQUESTS } from './constants.ts';

/** The extension protocol (BEP 10), of which only the handshake is spoken: https://www.bittorrent.org/beps/bep_0010.html */

const LIMITS = { maxBytes: 16 * 1024, maxDepth: 4, maxItems: 512, lenient: true };

/** Payload of our extension handshake: no extension, and how many requests a peer may have waiting with us. */
export const EXTENSION_HANDSHAKE = encodeBencode(
  new Map<string, BencodeValue>([
    ['m', new Map()],
    ['reqq', MAX_QUEUED_REQUESTS],
    ['v', utf8('Bitorch')],
  ]),
);

/** How many waiting requests a peer keeps, by its extension handshake; undefined when that does not say. */
export function requestLimitOf(payload: Uint8Array): number | undefined {
  try {
    const handshake = decodeBencode(payload, LIMITS);
    const limit = handshake instanceof Map ? handshake.get('reqq') : undefined;
    return typeof limit === 'number' && limit >= 1 ? limit : undefined;
  } catch {
    // Some client's odd spelling of what is advice only.
    return undefined;
  }
}

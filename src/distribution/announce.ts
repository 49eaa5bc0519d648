import { isIP } from 'node:net';
import { BitorchError, messageOf, toHex } from '#base';
import { type Dialable, mayDial, parseCompactEndpoint, parseDialable, type Scope } from '#network/addresses';
import { type BencodeDictionary, type BencodeValue, decodeBencode } from './bencode.ts';
import { getWithin } from './scoped-http.ts';

const MAX_RESPONSE_BYTES = 64 * 1024;
const MAX_ITEMS = 10_000;
const TIMEOUT_MS = 10_000;
const MAX_PEERS = 200;
/** Used when a tracker does not specify an interval. */
const DEFAULT_INTERVAL_SECONDS = 1800;
/** IPv4-mapped prefix, which dual-stack trackers use for IPv4 peers. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i;
const MAPPED_BYTES = `${'00'.repeat(10)}ffff`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/g;

export interface AnnounceRequest {
  infohash: Uint8Array;
  peerId: Uint8Array;
  port: number;
  uploaded: number;
  downloaded: number;
  left: number;
  event?: 'started' | 'completed' | 'stopped';
}

export interface AnnounceResponse {
  /** Seconds until the next announce. */
  interval: number;
  peers: Dialable[];
}

/**
 * Announces to an HTTP tracker and returns peers (BEP 3; compact peers of BEP 23 and BEP 7). Redirects are followed.
 * Redirects and peers must not reach a narrower scope than the tracker's own: a tracker on the internet cannot direct us to
 * a private network, nor one there to services of this machine. Throws TRACKER_FAILED.
 */
export async function announce(
  tracker: string,
  request: AnnounceRequest,
  { signal, from }: { readonly signal?: AbortSignal; readonly from?: Scope | undefined } = {},
): Promise<AnnounceResponse> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const deadline = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    const { bytes, status, scope } = await getWithin(new URL(announceUrl(tracker, request)), {
      maxBytes: MAX_RESPONSE_BYTES,
      signal: deadline,
      from,
    });
    const answer = parseAnnounce(bytes, status);
    return { ...answer, peers: answer.peers.filter((peer) => mayDial(peer, scope)) };
  } catch (error) {
    throw new BitorchError('TRACKER_FAILED', `${tracker}: ${messageOf(error)}`, { tracker }, error);
  }
}

function announceUrl(tracker: string, request: AnnounceRequest): string {
  const { infohash, peerId, event, ...numbers } = request;
  const query = [`info_hash=${percent(infohash)}`, `peer_id=${percent(peerId)}`, 'compact=1', 'numwant=50'];
  for (const [name, value] of Object.entries(numbers)) query.push(`${name}=${value}`);
  if (event) query.push(`event=${event}`);
  return `${tracker}${tracker.includes('?') ? '&' : '?'}${query.join('&')}`;
}

/** Percent-encodes every byte, since a hash is not text. */
const percent = (bytes: Uint8Array): string => toHex(bytes).replace(/../g, '%$&');

/**
 * Parses a tracker's answer, in lenient bencode. `status` is the HTTP status. Throws Error or BENCODE_INVALID for anything
 * but a list of peers.
 */
export function parseAnnounce(bytes: Uint8Array, status = 200): AnnounceResponse {
  const answer = decodeAnswer(bytes, status);
  const failure = answer.get('failure reason');
  if (failure instanceof Uint8Array && failure.length > 0) throw new Error(textOf(failure));
  const interval = numberOf(answer.get('interval'));
  const peers = [...peersOf(answer.get('peers'), 4), ...peersOf(answer.get('peers6'), 16)];
  return {
    interval: interval !== undefined && interval >= 0 ? interval : DEFAULT_INTERVAL_SECONDS,
    peers: peers.slice(0, MAX_PEERS),
  };
}

function decodeAnswer(bytes: Uint8Array, status: number): BencodeDictionary {
  try {
    const limits = { maxBytes: MAX_RESPONSE_BYTES, maxItems: MAX_ITEMS, lenient: true };
    const answer = decodeBencode(bytes, limits);
    if (answer instanceof Map) return answer;
  } catch (error) {
    if (status < 400) throw error;
  }
  throw new Error(status < 400 ? 'answer is not a dictionary' : `answers with HTTP status ${status}`);
}

/** Some trackers send numbers as strings. */
const numberOf = (value: BencodeValue | undefined): number | undefined => {
  if (typeof value === 'number') return value;
  const text = value instanceof Uint8Array ? textOf(value) : '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
};

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(0, 200)).toString('latin1').replace(CONTROL_CHARACTERS, ' ');

function peersOf(value: BencodeValue | undefined, addressBytes: 4 | 16): Dialable[] {
  if (Array.isArray(value)) return value.flatMap((item) => (item instanceof Map ? listedPeer(item) : []));
  if (!(value instanceof Uint8Array)) return [];
  const step = addressBytes + 2;
  // Trailing bytes are ignored.
  return Array.from({ length: Math.floor(value.length / step) }, (_, n) => {
    const endpoint = value.subarray(n * step, (n + 1) * step);
    const isMapped = addressBytes === 16 && toHex(endpoint.subarray(0, 12)) === MAPPED_BYTES;
    return parseCompactEndpoint(isMapped ? endpoint.subarray(12) : endpoint) ?? [];
  }).flat();
}

/** Peers given by name are ignored: the tracker controls what a name resolves to, and can change it at any time. */
function listedPeer(peer: BencodeDictionary): Dialable[] {
  const [ip, port] = [peer.get('ip'), numberOf(peer.get('port'))];
  if (!(ip instanceof Uint8Array) || port === undefined) return [];
  const host = textOf(ip).replace(MAPPED, '');
  return isIP(host) > 0 ? [parseDialable(host, port) ?? []].flat() : [];
}

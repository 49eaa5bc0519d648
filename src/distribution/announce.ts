import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { BitorchError, messageOf } from '#base';
import { type Dialable, mayDial, parseDialable, type Scope, scopeOfRemote } from '#network/addresses';
import { type BencodeDictionary, type BencodeValue, decodeBencode } from './bencode.ts';

const MAX_RESPONSE_BYTES = 64 * 1024;
const MAX_ITEMS = 10_000;
const TIMEOUT_MS = 10_000;
const MAX_PEERS = 200;
const MAX_REDIRECTS = 3;
/** For a tracker that does not say when it wants to hear from us again. */
const DEFAULT_INTERVAL_SECONDS = 1800;
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
  /** Seconds until the tracker wants to hear from us again. */
  interval: number;
  peers: Dialable[];
}

/**
 * Tells an HTTP tracker about us and asks for peers (BEP 3, compact peers of BEP 23 and BEP 7). Redirects are followed.
 * Neither they nor the peers may lead further inside than the tracker is: one on the internet has no business with a
 * private network, nor one there with services of this machine. Throws BitorchError `TRACKER_FAILED`.
 */
export async function announce(
  tracker: string,
  request: AnnounceRequest,
  signal?: AbortSignal,
): Promise<AnnounceResponse> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const deadline = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    const { response, scope } = await fetchWithin(new URL(announceUrl(tracker, request)), deadline);
    const answer = parseAnnounce(await readBounded(response), response.status);
    return { ...answer, peers: answer.peers.filter((peer) => mayDial(peer, scope)) };
  } catch (error) {
    throw new BitorchError('TRACKER_FAILED', `${tracker}: ${messageOf(error)}`, { tracker }, error);
  }
}

/** Follows redirects; gives the answer, and the scope of who gave it. */
async function fetchWithin(start: URL, signal: AbortSignal): Promise<{ response: Response; scope: Scope }> {
  let url = start;
  let scope = await scopeOfServer(url, signal);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const response = await fetch(url, { signal, redirect: 'manual' });
    const location =
      response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) return { response, scope };
    await response.body?.cancel();
    url = new URL(location, url);
    if (!/^https?:$/.test(url.protocol)) throw new Error(`redirects to ${url.protocol}`);
    const next = await scopeOfServer(url, signal);
    if (next !== 'public' && next !== scope && scope !== 'loopback')
      throw new Error(`redirects to a ${next} address`);
    scope = next;
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirects`);
}

/** Of a name, the scope of what it resolves to. */
async function scopeOfServer({ hostname }: URL, signal: AbortSignal): Promise<Scope> {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) > 0) return scopeOfRemote(host);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const { address } = await Promise.race([lookup(host), aborted]);
  return scopeOfRemote(address);
}

function announceUrl(tracker: string, request: AnnounceRequest): string {
  const { infohash, peerId, event, ...numbers } = request;
  const query = [`info_hash=${percent(infohash)}`, `peer_id=${percent(peerId)}`, 'compact=1', 'numwant=50'];
  for (const [name, value] of Object.entries(numbers)) query.push(`${name}=${value}`);
  if (event) query.push(`event=${event}`);
  return `${tracker}${tracker.includes('?') ? '&' : '?'}${query.join('&')}`;
}

/** Each byte as %XX: the bytes of a hash are no text. */
const percent = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').replace(/../g, '%$&');

async function readBounded(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > MAX_RESPONSE_BYTES) throw new Error(`answer is longer than ${MAX_RESPONSE_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/**
 * Reads a tracker's answer, in any spelling of bencode. Throws Error or BitorchError for anything but a list of peers;
 * `status` is that of HTTP.
 */
export function parseAnnounce(bytes: Uint8Array, status = 200): AnnounceResponse {
  const answer = decodeAnswer(bytes, status);
  const failure = answer.get('failure reason');
  if (failure instanceof Uint8Array && failure.length > 0) throw new Error(textOf(failure));
  const interval = answer.get('interval');
  const peers = [...peersOf(answer.get('peers'), 4), ...peersOf(answer.get('peers6'), 16)];
  return {
    interval: typeof interval === 'number' && interval >= 0 ? interval : DEFAULT_INTERVAL_SECONDS,
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

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.subarray(0, 200)).toString('latin1').replace(CONTROL_CHARACTERS, ' ');

function peersOf(value: BencodeValue | undefined, addressBytes: 4 | 16): Dialable[] {
  if (Array.isArray(value)) return value.flatMap((item) => (item instanceof Map ? listedPeer(item) : []));
  if (!(value instanceof Uint8Array)) return [];
  const bytes = Buffer.from(value);
  const step = addressBytes + 2;
  if (bytes.length % step !== 0) throw new Error('compact peers of odd length');
  return Array.from({ length: bytes.length / step }, (_, n) => {
    const host = hostOf(bytes.subarray(n * step, n * step + addressBytes));
    return parseDialable(host, bytes.readUInt16BE(n * step + addressBytes)) ?? [];
  }).flat();
}

/** Names are not taken: where they lead is somebody else's to say, and another place a moment later. */
function listedPeer(peer: BencodeDictionary): Dialable[] {
  const [ip, port] = [peer.get('ip'), peer.get('port')];
  if (!(ip instanceof Uint8Array) || typeof port !== 'number') return [];
  const host = Buffer.from(ip.subarray(0, 64)).toString('latin1');
  return isIP(host) > 0 ? [parseDialable(host, port) ?? []].flat() : [];
}

function hostOf(address: Buffer): string {
  if (address.length === 4) return address.join('.');
  return Array.from({ length: 8 }, (_, n) => address.readUInt16BE(n * 2).toString(16)).join(':');
}

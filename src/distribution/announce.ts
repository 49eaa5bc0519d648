import { BitorchError, messageOf } from '#base';
import { type BencodeDictionary, type BencodeValue, decodeBencode } from './bencode.ts';

const MAX_RESPONSE_BYTES = 64 * 1024;
const TIMEOUT_MS = 10_000;
const MAX_PEERS = 200;

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
  peers: { host: string; port: number }[];
}

/**
 * Tells an HTTP tracker about us and asks for peers (BEP 3, compact peers of BEP 23 and BEP 7).
 * Throws BitorchError `TRACKER_FAILED`.
 */
export async function announce(
  tracker: string,
  request: AnnounceRequest,
  signal?: AbortSignal,
): Promise<AnnounceResponse> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const deadline = signal ? AbortSignal.any([signal, timeout]) : timeout;
  try {
    const response = await fetch(announceUrl(tracker, request), { signal: deadline, redirect: 'error' });
    const answer = parseAnnounce(await readBounded(response));
    const isLocal = isLoopback(new URL(tracker).hostname);
    // A remote tracker has no business with services of this machine.
    return { ...answer, peers: answer.peers.filter((peer) => isLocal || !isLoopback(peer.host)) };
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

/** Reads a tracker's answer. Throws Error or BitorchError for anything but a list of peers. */
export function parseAnnounce(bytes: Uint8Array): AnnounceResponse {
  const answer = decodeBencode(bytes, { maxBytes: MAX_RESPONSE_BYTES });
  if (!(answer instanceof Map)) throw new Error('answer is not a dictionary');
  const failure = answer.get('failure reason');
  if (failure instanceof Uint8Array)
    throw new Error(Buffer.from(failure.subarray(0, 200)).toString('latin1'));
  const interval = answer.get('interval');
  if (typeof interval !== 'number' || interval < 0) throw new Error('answer has no interval');
  const peers = [...peersOf(answer.get('peers'), 4), ...peersOf(answer.get('peers6'), 16)];
  return { interval, peers: peers.filter(isUsable).slice(0, MAX_PEERS) };
}

function peersOf(value: BencodeValue | undefined, addressBytes: 4 | 16): AnnounceResponse['peers'] {
  if (Array.isArray(value)) return value.flatMap((item) => (item instanceof Map ? listedPeer(item) : []));
  if (!(value instanceof Uint8Array)) return [];
  const bytes = Buffer.from(value);
  const step = addressBytes + 2;
  if (bytes.length % step !== 0) throw new Error('compact peers of odd length');
  return Array.from({ length: bytes.length / step }, (_, n) => {
    const host = hostOf(bytes.subarray(n * step, n * step + addressBytes));
    return { host, port: bytes.readUInt16BE(n * step + addressBytes) };
  });
}

function listedPeer(peer: BencodeDictionary): AnnounceResponse['peers'] {
  const [ip, port] = [peer.get('ip'), peer.get('port')];
  if (!(ip instanceof Uint8Array) || typeof port !== 'number' || ip.length > 255) return [];
  return [{ host: Buffer.from(ip).toString('latin1'), port }];
}

function hostOf(address: Buffer): string {
  if (address.length === 4) return address.join('.');
  return Array.from({ length: 8 }, (_, n) => address.readUInt16BE(n * 2).toString(16)).join(':');
}

const isUsable = ({ host, port }: { host: string; port: number }): boolean =>
  port > 0 && port < 65536 && /^[\w.:-]+$/.test(host) && !/^(0\.|22[4-9]\.|23\d\.|255\.)/.test(host);

const isLoopback = (host: string): boolean => /^(localhost|127\.[\d.]+|\[?(0:){7}1\]?|\[?::1\]?)$/.test(host);

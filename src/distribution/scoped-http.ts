import { lookup as lookupAll } from 'node:dns/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { createGunzip, createInflate } from 'node:zlib';
import { readBounded, unbracketed } from '#base';
import { mayDial, parseDialable, type Scope, scopeOfRemote } from '#network/addresses';

const MAX_REDIRECTS = 3;

export interface GetOptions {
  /** Limit on the answer, both as sent and as decompressed. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  /** Scope of who named the server: it must not lead further inside. Loopback by default, which allows everything. */
  readonly from?: Scope | undefined;
  /** Resolves a name to addresses; the system's resolver by default. */
  readonly lookup?: (name: string) => Promise<readonly string[]>;
}

interface Answer {
  readonly bytes: Uint8Array;
  readonly status: number;
  /** Scope of the server that answered. */
  readonly scope: Scope;
}

/**
 * GET over HTTP or HTTPS with redirects. No redirect may reach a narrower scope than that of the server that sent it: a
 * server on the internet cannot direct us to a private network. A name is resolved once, and the connection goes to the
 * checked addresses, since a second look-up may return others.
 */
export async function getWithin(start: URL, options: GetOptions): Promise<Answer> {
  let url = start;
  let from = options.from ?? 'loopback';
  for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
    const message = await get(url, await addressesWithin(url, from, options), options.signal);
    const scope = scopeOfRemote(message.socket.remoteAddress);
    const { statusCode: status = 0, headers } = message;
    if (status < 300 || status >= 400 || headers.location === undefined)
      return { bytes: await readAnswer(message, options.maxBytes), status, scope };
    message.destroy();
    url = new URL(headers.location, url);
    if (!/^https?:$/.test(url.protocol)) throw new Error(`redirects to ${url.protocol}`);
    from = scope;
  }
  throw new Error(`more than ${MAX_REDIRECTS} redirects`);
}

/** The addresses of a server that a peer in the scope `from` may refer to. Throws Error when there are none. */
export async function addressesWithin(
  { hostname }: URL,
  from: Scope,
  { lookup = lookupName, signal }: Pick<GetOptions, 'lookup' | 'signal'>,
): Promise<readonly string[]> {
  const host = unbracketed(hostname);
  const all = isIP(host) > 0 ? [host] : await untilAborted(lookup(host), signal);
  const dialables = all.flatMap((address) => parseDialable(address, 1) ?? []);
  const allowed = dialables.filter((dialable) => mayDial(dialable, from));
  if (allowed.length > 0) return allowed.map((dialable) => dialable.host);
  const [first] = dialables;
  throw new Error(first ? `leads to a ${first.scope} address` : `${host} has no usable address`);
}

function get(url: URL, addresses: readonly string[], signal: AbortSignal): Promise<IncomingMessage> {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  const lookup: LookupFunction = (_name, { all }, callback) => {
    if (all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    // No keep-alive: a pooled connection could lead to an address that was not checked.
    const headers = { 'accept-encoding': 'gzip, deflate', 'user-agent': 'bitorch' };
    send(url, { lookup, signal, headers, agent: false }, resolve).on('error', reject).end();
  });
}

const readAnswer = (message: IncomingMessage, maxBytes: number): Promise<Uint8Array> =>
  readBounded(unpacked(message), maxBytes, () => new Error(`answer is longer than ${maxBytes} bytes`));

function unpacked(message: IncomingMessage): AsyncIterable<Buffer> {
  const encoding = message.headers['content-encoding']?.trim().toLowerCase();
  if (encoding !== 'gzip' && encoding !== 'x-gzip' && encoding !== 'deflate') return message;
  const unpack = encoding === 'deflate' ? createInflate() : createGunzip();
  message.on('error', (error) => unpack.destroy(error));
  return message.pipe(unpack);
}

const lookupName = async (name: string): Promise<string[]> =>
  (await lookupAll(name, { all: true })).map(({ address }) => address);

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

import { isIP } from 'node:net';
import {
  BitorchError,
  bracketed,
  check,
  decodeCanonical,
  encodeCanonical,
  unbracketed,
  z,
  zBytes,
} from '#base';
import { type SigningKey, verifySignature } from '#crypto';
import {
  compactEndpoint,
  type Dialable,
  multiaddrOf,
  parseCompactEndpoint,
  parseDialable,
  parseMultiaddr,
  peerIdFrom,
  publicKeyOf,
  type Scope,
} from '#network';
import { requireReachable, scopeOfInvite } from './invite-reach.ts';

/** A block that the inviter has seen final, for networks older than the trusting period of light clients. */
export interface Checkpoint {
  readonly height: number;
  /** Block id, 32 bytes. */
  readonly id: Uint8Array;
}

/** What a new node needs to join a network (docs/protocol/invite.md). */
export interface Invite {
  /** Time after which it is refused, in seconds since the epoch. */
  readonly expires: number;
  /** Hash of the genesis; undefined for a network without a chain. */
  readonly genesis: Uint8Array | undefined;
  readonly checkpoint: Checkpoint | undefined;
  /** Nodes to join through; the first one has signed the invite. */
  readonly peers: readonly InvitePeer[];
  /** Announce URLs of trackers. */
  readonly trackers: readonly string[];
  /** Peer ids of the security nodes that clear models in this network, or `none` where models are not checked. */
  readonly authorities: readonly string[] | 'none';
  /** State of models that a security node without a sandbox found clean, as the option of this name. */
  readonly unproven: 'pending' | 'cleared';
}

export interface InvitePeer {
  readonly id: string;
  readonly addresses: readonly Dialable[];
}

const PREFIX = 'bitorch://join?';
const VERSION = 1;
const PURPOSE = 'invite';
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
const MAX_PEERS = 8;
const MAX_ADDRESSES = 4;
export const MAX_TRACKERS = 4;
const MAX_AUTHORITIES = 8;
/** Limit on the height of a checkpoint, below which every program reads the same number. */
const MAX_HEIGHT = 999_999_999_999_999;
/** What messengers and text processors add to a text: white space, invisible characters, quotes and brackets around it. */
const ADDED = /[\s\p{Cf}\p{Pi}\p{Pf}"'`„‚<>]/gu;
/** Some programs that pass links on put a slash before the question mark. */
const PREFIX_READ = /^bitorch:\/\/join\/?\?/i;
/** Characters of an invite, with one peer and with several: it has to fit a chat message and a QR code. */
const MAX_TEXT = { single: 300, several: 700 };

const upTo = (max: number): z.ZodType<number> => z.number().int().min(0).max(max);

/** An endpoint: 4 or 16 bytes of address and 2 of port, or a name and a port. */
const zEndpoint = z.union([zBytes(6), zBytes(18), z.tuple([z.string().max(253), upTo(65_535)])]);
/** A port of the first peer's first address, or a whole announce URL. */
const zTracker = z.union([upTo(65_535), z.string().max(256)]);
/** A peer of the invite by its index, or a public key. */
const zAuthority = z.union([upTo(MAX_PEERS - 1), zBytes(KEY_BYTES)]);

const zInvite = z.tuple([
  z.literal(VERSION),
  upTo(0xffff_ffff),
  z.union([z.null(), zBytes(32)]),
  z.union([z.null(), z.tuple([z.number().int().min(1).max(MAX_HEIGHT), zBytes(32)])]),
  z
    .array(z.tuple([zBytes(KEY_BYTES), z.array(zEndpoint).max(MAX_ADDRESSES)]))
    .min(1)
    .max(MAX_PEERS),
  z.array(zTracker).max(MAX_TRACKERS),
  z.union([z.null(), z.array(zAuthority).max(MAX_AUTHORITIES)]),
  z.boolean(),
]);
type Body = z.infer<typeof zInvite>;

/**
 * Signs an invite with the key of its first peer and formats it as `bitorch://join?…`: at most 300 characters with one peer,
 * 700 with several. Throws INVITE_TOO_LONG.
 */
export function formatInvite(invite: Invite, key: SigningKey): string {
  const body = encodeCanonical(bodyOf(invite));
  const signature = key.sign(PURPOSE, body);
  const text = `${PREFIX}${Buffer.concat([body, signature]).toString('base64url')}`;
  const limit = invite.peers.length === 1 ? MAX_TEXT.single : MAX_TEXT.several;
  const { authorities } = invite;
  if (text.length > limit || (authorities !== 'none' && authorities.length > MAX_AUTHORITIES))
    throw new BitorchError(
      'INVITE_TOO_LONG',
      `the invite would have ${text.length} characters of at most ${limit}, or more than ${MAX_AUTHORITIES} authorities: name fewer addresses, trackers or authorities`,
    );
  return text;
}

/**
 * Parses an invite as people paste it: with blanks and line breaks, in quotes or angle brackets. Throws INVITE_INVALID when it
 * is damaged, not an invite, or names addresses that its maker may not direct others to, INVITE_OUTDATED when its version is unknown, INVITE_EXPIRED when its time is over.
 */
export function parseInvite(pasted: string, now: number): Invite {
  if (pasted.length > 4 * MAX_TEXT.several) throw invalid('the text is too long');
  const text = pasted.replace(ADDED, '');
  if (!PREFIX_READ.test(text)) throw invalid(`it must start with ${PREFIX}`);
  const encoded = text.replace(PREFIX_READ, '');
  if (!/^[\w-]+$/.test(encoded)) throw invalid('it has characters that do not belong to it');
  const bytes = new Uint8Array(Buffer.from(encoded, 'base64url'));
  if (bytes.length <= SIGNATURE_BYTES) throw invalid('it is cut off');
  const body = bytes.slice(0, -SIGNATURE_BYTES);
  const raw = decoded(body);
  if (Array.isArray(raw) && Number.isInteger(raw[0]) && raw[0] !== VERSION)
    throw new BitorchError(
      'INVITE_OUTDATED',
      `this invite has format ${raw[0]}, and this program reads format ${VERSION}: update the older one of the two programs`,
    );
  const invite = inviteOf(checked(raw));
  const signer = publicKeyOf(invite.peers[0]!.id);
  if (!verifySignature(PURPOSE, body, bytes.slice(-SIGNATURE_BYTES), signer))
    throw invalid('its signature is wrong');
  requireReachable(invite);
  if (invite.expires * 1000 < now)
    throw new BitorchError(
      'INVITE_EXPIRED',
      `this invite expired on ${new Date(invite.expires * 1000).toISOString().slice(0, 10)}: ask for a new one`,
    );
  return invite;
}

const invalid = (why: string): BitorchError =>
  new BitorchError('INVITE_INVALID', `this is not a complete invite: ${why}. Copy it again as a whole`);

function decoded(body: Uint8Array): unknown {
  try {
    return decodeCanonical(body, MAX_TEXT.several, { items: 128, depth: 5 });
  } catch {
    throw invalid('it is damaged');
  }
}

function checked(raw: unknown): Body {
  try {
    return check(zInvite, raw, 'invite');
  } catch {
    throw invalid('it is damaged');
  }
}

function bodyOf(invite: Invite): Body {
  const { expires, genesis, checkpoint, peers, trackers, authorities, unproven } = invite;
  const [first] = peers;
  const host = first?.addresses[0]?.host;
  const portOf = (url: string): number | string => {
    const { protocol, hostname, port, pathname, search } = new URL(url);
    const isPlain = protocol === 'http:' && pathname === '/announce' && search === '' && port !== '';
    return isPlain && unbracketed(hostname) === host ? Number(port) : url;
  };
  const authorityOf = (id: string): number | Uint8Array => {
    const index = peers.findIndex((peer) => peer.id === id);
    return index < 0 ? publicKeyOf(id) : index;
  };
  return [
    VERSION,
    expires,
    genesis ?? null,
    checkpoint ? [checkpoint.height, checkpoint.id] : null,
    peers.map(({ id, addresses }) => [publicKeyOf(id), addresses.map(endpointOf)]),
    trackers.map(portOf),
    authorities === 'none' ? null : authorities.map(authorityOf),
    unproven === 'cleared',
  ];
}

function inviteOf(body: Body): Invite {
  const [, expires, genesis, checkpoint, listed, trackers, authorities, clearsUnproven] = body;
  const peers = listed.map(([key, endpoints]) => ({
    id: peerIdFrom(key),
    addresses: endpoints.map(dialableOf),
  }));
  const first = peers[0]?.addresses[0];
  const urlOf = (tracker: number | string): string => {
    if (typeof tracker === 'string') return tracker;
    if (!first) throw invalid('its tracker has no address');
    return new URL(`http://${bracketed(first.host)}:${tracker}/announce`).href;
  };
  const authorityOf = (authority: number | Uint8Array): string => {
    const id = typeof authority === 'number' ? peers[authority]?.id : peerIdFrom(authority);
    if (id === undefined) throw invalid('it names an authority that it does not list');
    return id;
  };
  return {
    expires,
    genesis: genesis ?? undefined,
    checkpoint: checkpoint ? { height: checkpoint[0], id: checkpoint[1] } : undefined,
    peers,
    trackers: trackers.map(urlOf),
    authorities: authorities === null ? 'none' : authorities.map(authorityOf),
    unproven: clearsUnproven ? 'cleared' : 'pending',
  };
}

type Endpoint = z.infer<typeof zEndpoint>;

const endpointOf = (dialable: Dialable): Endpoint =>
  dialable.kind === 'name' ? [dialable.host, dialable.port] : compactEndpoint(dialable);

function dialableOf(endpoint: Endpoint): Dialable {
  const found = Array.isArray(endpoint) ? parseDialable(...endpoint) : parseCompactEndpoint(endpoint);
  if (!found) throw invalid('it has an address that cannot be dialled');
  return found;
}

/** The multiaddrs of an invite's peers, ending in /p2p/ID. */
export const multiaddrsOf = ({ peers }: Pick<Invite, 'peers'>): string[] =>
  peers.flatMap(({ id, addresses }) => addresses.map((address) => `${multiaddrOf(address)}/p2p/${id}`));

/** The scope of an invite for each of its contacts and trackers that has a name, which may resolve to something else at any time. */
export function scopesOfNames(invite: Pick<Invite, 'peers' | 'trackers'>): Record<string, Scope> {
  const contacts = multiaddrsOf(invite).filter((text) => parseMultiaddr(text)?.kind === 'name');
  const trackers = invite.trackers.filter((url) => isIP(unbracketed(new URL(url).hostname)) === 0);
  const scope = scopeOfInvite(invite);
  return Object.fromEntries([...contacts, ...trackers].map((text) => [text, scope]));
}

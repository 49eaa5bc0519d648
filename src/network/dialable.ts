import { lookup as lookupAll } from 'node:dns/promises';
import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';

/** How far an address reaches: this machine, this link, this site, everywhere. */
export type Scope = 'loopback' | 'link-local' | 'private' | 'public';

/** A TCP endpoint: an IP address or a DNS name in canonical form, and a port. */
export interface Dialable {
  readonly kind: 'ip4' | 'ip6' | 'name';
  /** Lower case; IPv6 as specified by RFC 5952, without brackets. */
  readonly host: string;
  /** 1–65535. */
  readonly port: number;
  /**
   * For a name: the narrowest scope that the name itself implies. The addresses it resolves to have scopes of their own.
   */
  readonly scope: Scope;
}

/** A way to a peer through a relay: the IP endpoint of the relay, and the relay's peer id. */
export interface Circuit {
  readonly relay: Dialable;
  readonly relayId: string;
}

/** Resolves a name to its addresses. */
export type Lookup = (name: string) => Promise<readonly string[]>;

const MAX_NAME = 253;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const MULTIADDR =
  /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]{1,255})\/tcp\/(\d{1,5})(?:\/p2p\/([1-9A-HJ-NP-Za-km-z]{1,128}))?$/;
/** A circuit address. The ids of nodes are Ed25519 keys, which all begin with the same bytes. */
const CIRCUIT =
  /^(\/ip[46]\/[^/]{1,255}\/tcp\/\d{1,5})\/p2p\/(12D3KooW[1-9A-HJ-NP-Za-km-z]{44})\/p2p-circuit(?:\/p2p\/([1-9A-HJ-NP-Za-km-z]{1,128}))?$/;
/** At most this many addresses of one name are dialled. */
const MAX_RESOLVED = 4;

/** Parses host and port; undefined when they are not a TCP endpoint. */
export function parseDialable(host: unknown, port: unknown): Dialable | undefined {
  if (typeof host !== 'string' || !isPort(port)) return undefined;
  if (isIPv4(host)) return withScope({ kind: 'ip4', host, port }, ip4Scope(host));
  if (host.includes(':')) {
    const groups = groupsOf(host);
    return groups && withScope({ kind: 'ip6', host: spell(groups), port }, ip6Scope(groups));
  }
  const name = host.toLowerCase();
  return isName(name) ? { kind: 'name', host: name, port, scope: nameScope(name) } : undefined;
}

/**
 * The endpoint in `/ip4|ip6|dns|dns4|dns6/HOST/tcp/PORT`, with or without a trailing `/p2p/ID`. Undefined for any other
 * multiaddr, and for one whose peer id is not `id`.
 */
export function parseMultiaddr(text: unknown, id?: string): Dialable | undefined {
  const [, protocol, host, port, peer] = (typeof text === 'string' && text.match(MULTIADDR)) || [];
  if (peer !== undefined && id !== undefined && peer !== id) return undefined;
  const dialable = parseDialable(host, Number(port));
  const fits =
    dialable && (protocol!.startsWith('dns') ? dialable.kind === 'name' : dialable.kind === protocol);
  return fits ? dialable : undefined;
}

/** `/ip4/HOST/tcp/PORT`, or the same with `ip6` or `dns`. */
export const multiaddrOf = ({ kind, host, port }: Dialable): string =>
  `/${kind === 'name' ? 'dns' : kind}/${host}/tcp/${port}`;

/**
 * The relay in `/ip4|ip6/HOST/tcp/PORT/p2p/RELAY/p2p-circuit`, with or without a trailing `/p2p/ID`. Undefined for any other
 * multiaddr, for one whose peer id is not `id`, and for a relay that would be the peer itself.
 */
export function parseCircuit(text: unknown, id?: string): Circuit | undefined {
  const [, address, relayId, peer] = (typeof text === 'string' && text.match(CIRCUIT)) || [];
  if (address === undefined || relayId === undefined || relayId === (id ?? peer)) return undefined;
  if (peer !== undefined && id !== undefined && peer !== id) return undefined;
  const relay = parseMultiaddr(address);
  return relay && { relay, relayId };
}

/** `/ip4/HOST/tcp/PORT/p2p/RELAY/p2p-circuit`, or the same with `ip6`. */
export const circuitOf = ({ relay, relayId }: Circuit): string =>
  `${multiaddrOf(relay)}/p2p/${relayId}/p2p-circuit`;

/** The scope of an announced address: that of its endpoint, or of its relay. Undefined when it is neither. */
export const scopeOfAddress = (address: string): Scope | undefined =>
  parseMultiaddr(address)?.scope ?? parseCircuit(address)?.relay.scope;

/**
 * Whether an address that was learnt from a peer in the scope `learntFrom` may be dialled: no peer can make this node
 * connect to a network that the peer cannot reach itself. Loopback and link-local addresses are accepted only from the same
 * scope and from this machine.
 */
export function mayDial({ scope }: Pick<Dialable, 'scope'>, learntFrom: Scope): boolean {
  if (scope === 'public' || learntFrom === 'loopback') return true;
  return scope !== 'loopback' && scope === learntFrom;
}

/**
 * Filters a peer's multiaddrs to those that may be dialled, in the given order, without duplicates. Of a circuit it is the
 * relay that is dialled. Names are dropped: nodes announce IP addresses, and a name that others tell could resolve to any
 * machine, including one in this network.
 */
export function dialableOnly(addresses: readonly string[], learntFrom: Scope, id?: string): string[] {
  const canonical = (address: string): string | undefined => {
    const direct = parseMultiaddr(address, id);
    const circuit = direct ? undefined : parseCircuit(address, id);
    const dialled = direct ?? circuit?.relay;
    if (!dialled || dialled.kind === 'name' || !mayDial(dialled, learntFrom)) return undefined;
    return circuit ? circuitOf(circuit) : multiaddrOf(dialled);
  };
  return [...new Set(addresses.flatMap((address) => canonical(address) ?? []))];
}

/**
 * Resolves an endpoint to IP addresses and checks each again, since a name can resolve to any address. Dial only these: a
 * second look-up may return others. Empty when nothing may be dialled; never rejects.
 */
export async function resolveDialable(
  dialable: Dialable,
  learntFrom: Scope,
  lookup: Lookup = lookupName,
): Promise<Dialable[]> {
  if (!mayDial(dialable, learntFrom)) return [];
  if (dialable.kind !== 'name') return [dialable];
  const addresses = await lookup(dialable.host).catch(() => []);
  return addresses
    .slice(0, MAX_RESOLVED)
    .flatMap((address) => parseDialable(address, dialable.port) ?? [])
    .filter((resolved) => resolved.kind !== 'name' && mayDial(resolved, learntFrom));
}

/** The compact form of an IP endpoint (BEP 23, BEP 7): the 4 or 16 bytes of its address, then the port, big-endian. */
export function compactEndpoint({ kind, host, port }: Dialable): Uint8Array {
  const address =
    kind === 'ip4'
      ? host.split('.').map(Number)
      : (groupsOf(host) ?? []).flatMap((group) => [group >> 8, group & 0xff]);
  return Uint8Array.from([...address, port >> 8, port & 0xff]);
}

/** Parses a compact endpoint of 6 or 18 bytes; undefined when it may not be dialled. */
export function parseCompactEndpoint(bytes: Uint8Array): Dialable | undefined {
  const pairs = Array.from({ length: bytes.length / 2 }, (_, i) => 256 * bytes[2 * i]! + bytes[2 * i + 1]!);
  const host = bytes.length === 6 ? bytes.subarray(0, 4).join('.') : pairs.slice(0, -1).map(hex).join(':');
  return parseDialable(host, pairs.at(-1));
}

/** The scope of a connection's remote end. IPv4-mapped IPv6 counts as IPv4. */
export function scopeOfRemote(address: string | undefined): Scope {
  return parseDialable(plainAddress(address), 1)?.scope ?? 'public';
}

/** Groups addresses that share a host or a household: the IPv4 address, or the /64 of an IPv6 address. */
export function addressGroup(address: string): string {
  const plain = plainAddress(address) ?? '';
  return groupsOf(plain)?.slice(0, 4).map(hex).join(':') ?? plain;
}

/**
 * The groups that a connection from `address` belongs to, from the widest: the network that one owner usually has whole (IPv4
 * /24, IPv6 /48), then `addressGroup`.
 */
export const placeGroups = (address: string): [site: string, address: string] => {
  const group = addressGroup(address);
  return [siteOf(group), group];
};

/** The /24 or /48 of an address group; anything else is returned as it is. */
export function siteOf(group: string): string {
  const separator = group.includes(':') ? ':' : '.';
  return group.split(separator).slice(0, 3).join(separator);
}

/** Turns ::ffff:1.2.3.4, which dual-stack sockets report for IPv4 peers, into 1.2.3.4. */
const plainAddress = (address: string | undefined): string | undefined =>
  address?.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');

const lookupName: Lookup = async (name) =>
  (await lookupAll(name, { all: true })).map(({ address }) => address);

const isPort = (port: unknown): port is number =>
  Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65_535;

const withScope = (place: Omit<Dialable, 'scope'>, scope: Scope | undefined): Dialable | undefined =>
  scope && { ...place, scope };

/** RFC 1123 names in ASCII. A name whose last label is a number is rejected: some resolvers take it for an IPv4 address. */
function isName(name: string): boolean {
  const labels = name.split('.');
  if (name.length > MAX_NAME || !labels.every((label) => LABEL.test(label))) return false;
  if (/^(\d+|0x[0-9a-f]*)$/.test(labels.at(-1)!)) return false;
  return labels.every(isPlainOrPunycode) && domainToASCII(name) === name;
}

/** A label with hyphens in its third and fourth positions is reserved unless it is valid Punycode (RFC 5891 §4.2.3.1). */
function isPlainOrPunycode(label: string): boolean {
  if (label.slice(2, 4) !== '--') return true;
  const unicode = domainToUnicode(label);
  return label.startsWith('xn--') && unicode !== '' && unicode !== label && domainToASCII(unicode) === label;
}

/** Special-use names of RFC 6761, 6762, 8375 and 9476. A name without a dot is completed by the local network. */
function nameScope(name: string): Scope {
  const [last] = name.split('.').slice(-1);
  if (last === 'localhost') return 'loopback';
  if (last === 'local') return 'link-local';
  return !name.includes('.') || last === 'internal' || name.endsWith('.home.arpa') ? 'private' : 'public';
}

/** By IANA's special-purpose address registry; undefined for addresses that cannot be dialled. */
function ip4Scope(host: string): Scope | undefined {
  const [a, b, c] = host.split('.').map(Number) as [number, number, number];
  if (a === 0 || a >= 224) return undefined;
  if (a === 127) return 'loopback';
  if (a === 169 && b === 254) return 'link-local';
  const isPrivate =
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 192 && b === 0 && c === 0) ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 198 && (b === 18 || b === 19));
  return isPrivate ? 'private' : 'public';
}

/** Undefined for addresses that embed IPv4 (mapped, NAT64, 6to4, Teredo), multicast, and unassigned ranges. */
function ip6Scope(groups: readonly number[]): Scope | undefined {
  const [a, b] = groups as [number, number];
  if (groups.slice(0, 7).every((group) => group === 0) && groups[7] === 1) return 'loopback';
  if (a >> 6 === 0xfe80 >> 6) return 'link-local';
  if (a >> 9 === 0xfc00 >> 9) return 'private';
  const wrapsIPv4 = a === 0x2002 || (a === 0x2001 && b === 0);
  return a >> 13 === 0x2000 >> 13 && !wrapsIPv4 ? 'public' : undefined;
}

/** The eight 16-bit groups of an IPv6 address without a zone; undefined for anything else. */
function groupsOf(host: string): number[] | undefined {
  if (!isIPv6(host) || host.includes('%')) return undefined;
  const text = host.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...quad) => {
    const [a, b, c, d] = quad.map(Number) as [number, number, number, number];
    return `${hex(a * 256 + b)}:${hex(c * 256 + d)}`;
  });
  const [head, tail] = text.split('::').map((half) => half.split(':').filter(Boolean)) as [
    string[],
    string[]?,
  ];
  const zeros = new Array<string>(8 - head.length - (tail?.length ?? 0)).fill('0');
  return [...head, ...(tail ? zeros : []), ...(tail ?? [])].map((group) => Number.parseInt(group, 16));
}

const spell = (groups: readonly number[]): string =>
  new URL(`http://[${groups.map(hex).join(':')}]`).hostname.slice(1, -1);

const hex = (value: number): string => value.toString(16);

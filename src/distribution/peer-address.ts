import { isIP, isIPv4 } from 'node:net';

/** Where a peer can be dialled: an IP literal or a DNS name, and a TCP port. */
export interface PeerAddress {
  readonly host: string;
  readonly port: number;
}

const NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;
/** This network, multicast, reserved and broadcast: nobody can be dialled there. */
const UNUSABLE_V4 = /^(0|22[4-9]|2[345]\d)\./;

/**
 * Reads an address that somebody gave: an IPv4 or IPv6 literal without a zone, or a DNS name by its strict spelling, and
 * a port from 1 to 65535. IPv4-mapped addresses come out as IPv4. Undefined for anything else.
 */
export function parsePeerAddress(host: string, port: number): PeerAddress | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65535) return undefined;
  const literal = isIP(host) === 6 ? plainV6(host) : host;
  if (literal === undefined) return undefined;
  const usable = isIPv4(literal) ? !UNUSABLE_V4.test(literal) : isIP(literal) === 6 || isName(literal);
  return usable ? { host: literal, port } : undefined;
}

/** A name's last label is not a number: numbers are spellings of IPv4 addresses that only some resolvers know. */
const isName = (host: string): boolean => NAME.test(host) && !/(^|\.)(\d+|0x[0-9a-f]*)$/i.test(host);

/** The canonical spelling (RFC 5952), or IPv4 where the address is mapped; undefined for ::, multicast and zones. */
function plainV6(host: string): string | undefined {
  if (host.includes('%')) return undefined;
  const plain = new URL(`http://[${host}]/`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(plain) ?? [];
  if (high !== undefined && low !== undefined) {
    const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
    return [a >> 8, a & 255, b >> 8, b & 255].join('.');
  }
  return plain === '::' || plain.startsWith('ff') ? undefined : plain;
}

/** How far an address reaches: this machine, its local networks, or the internet. */
export type Scope = 'machine' | 'private' | 'public';

const SCOPES: readonly Scope[] = ['machine', 'private', 'public'];
const PRIVATE =
  /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:)/i;

/** The scope of an address as parsePeerAddress() gives it; a name counts as public but for localhost. */
export function scopeOf(host: string): Scope {
  if (isLoopback(host)) return 'machine';
  return isIP(host) > 0 && PRIVATE.test(host) ? 'private' : 'public';
}

/** Whether somebody of scope `source` may name an address of scope `target`: nobody points from outside to inside. */
export const mayName = (source: Scope, target: Scope): boolean =>
  SCOPES.indexOf(target) >= SCOPES.indexOf(source);

export const isLoopback = (host: string): boolean => /^(127\.|::1$|(.*\.)?localhost$)/i.test(host);

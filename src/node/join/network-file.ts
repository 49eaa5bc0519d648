import { join } from 'node:path';
import { BitorchError, check, codeOf, readTextFile, toHex, writeFileAtomic, z } from '#base';
import { parseGenesis, readGenesis } from '#consensus';
import { defaultCurve } from '#crypto';
import { parseMultiaddr, type Scope } from '#network';

/** The network that a data directory belongs to, as `network.json` keeps it. */
export interface NetworkFile {
  /** Hash of the genesis, hexadecimal; null for a network without a chain. The genesis itself is in `genesis.json`. */
  readonly genesis: string | null;
  /** Multiaddrs ending in /p2p/ID. */
  readonly bootstrap: readonly string[];
  readonly trackers: readonly string[];
  /** Of those contacts and trackers that have a name: the scope of the invite, inside of which the name must not lead. */
  readonly scopes: Readonly<Record<string, Scope>>;
  readonly authorities: readonly string[] | 'none';
  readonly unproven: 'pending' | 'cleared';
  /** HEIGHT:ID of a trusted block. */
  readonly trust: string | null;
}

const MAX_BOOTSTRAP = 64;
const SCOPES = ['public', 'private', 'link-local', 'loopback'] as const;

const zNetworkFile = z.strictObject({
  genesis: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
  bootstrap: z.array(z.string().max(512)).max(MAX_BOOTSTRAP),
  trackers: z.array(z.url().max(512)).max(64),
  scopes: z.record(z.string().max(512), z.enum(SCOPES)),
  authorities: z.union([z.literal('none'), z.array(z.string().max(128)).max(32)]),
  unproven: z.enum(['pending', 'cleared']),
  trust: z.string().max(128).nullable(),
});

export const networkPath = (home: string): string => join(home, 'network.json');
export const genesisPath = (home: string): string => join(home, 'genesis.json');

/** The network of a data directory; undefined when it has joined none. Throws CONFIG_INVALID. */
export async function readNetwork(home: string): Promise<NetworkFile | undefined> {
  const path = networkPath(home);
  try {
    return check(zNetworkFile, JSON.parse(await readTextFile(path)), path) as NetworkFile;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new BitorchError(
      'CONFIG_INVALID',
      `${path} is damaged: delete it and join again with an invite`,
      { path },
      error,
    );
  }
}

/** The file reveals which nodes this one knows, so only its owner may read it. Throws DISK_FULL. */
export const writeNetwork = (home: string, network: NetworkFile): Promise<void> =>
  writeFileAtomic(networkPath(home), `${JSON.stringify(network, null, 2)}\n`, 0o600);

/** Whether the directory has the genesis file of this hash, whole. */
export async function holdsGenesis(home: string, hash: string): Promise<boolean> {
  try {
    const { parameters } = parseGenesis(await readGenesis(genesisPath(home)), defaultCurve());
    return toHex(parameters.chainId) === hash;
  } catch {
    return false;
  }
}

/** What a repeated invite adds to a joined network: newer contacts first, the oldest beyond the limit are dropped. Throws INVITE_FOREIGN. */
export function mergeNetworks(joined: NetworkFile, invited: NetworkFile): NetworkFile {
  const union = (newer: readonly string[], older: readonly string[]) => [...new Set([...newer, ...older])];
  const bootstrap = union(invited.bootstrap, joined.bootstrap).slice(0, MAX_BOOTSTRAP);
  const trackers = union(invited.trackers, joined.trackers).slice(0, MAX_BOOTSTRAP);
  return {
    ...joined,
    bootstrap,
    trackers,
    scopes: strictest(joined.scopes, invited.scopes, new Set([...bootstrap, ...trackers])),
    trust: newerTrust(joined.trust, invited.trust),
  };
}

/**
 * The trusted block (HEIGHT:ID) after a repeated invite: never an older one. Throws INVITE_FOREIGN when both have another block at
 * one height.
 */
function newerTrust(joined: string | null, invited: string | null): string | null {
  if (joined === null || invited === null) return invited ?? joined;
  if (heightOf(joined) !== heightOf(invited)) return heightOf(joined) > heightOf(invited) ? joined : invited;
  if (joined === invited) return joined;
  throw new BitorchError(
    'INVITE_FOREIGN',
    `this invite is for a fork of the chain of this network: it trusts block ${invited}, and this node ${joined}. Ask several people that you trust which one is right`,
  );
}

/** The scopes of names that are still there; of two for one name the wider, which allows less. */
function strictest(
  a: NetworkFile['scopes'],
  b: NetworkFile['scopes'],
  names: ReadonlySet<string>,
): NetworkFile['scopes'] {
  const all = [...Object.entries(a), ...Object.entries(b)].filter(([name]) => names.has(name));
  const widestFirst = all.sort(([, one], [, other]) => SCOPES.indexOf(one) - SCOPES.indexOf(other));
  return Object.fromEntries(widestFirst.reverse());
}

/** Height of a trusted block, HEIGHT:ID. */
export const heightOf = (trust: string): number => Number(trust.split(':')[0]);

/**
 * The settings of a node in the network that its data directory has joined, if any; flags and config.json take precedence. Throws
 * CONFIG_INVALID when a file is damaged, or the genesis is that of another network.
 */
export async function joinedSettings(home: string): Promise<Record<string, unknown>> {
  const network = await readNetwork(home);
  if (!network) return {};
  if (network.genesis !== null && !(await holdsGenesis(home, network.genesis)))
    throw new BitorchError(
      'CONFIG_INVALID',
      `${genesisPath(home)} is missing, damaged or of another network than ${networkPath(home)}: join again with an invite`,
    );
  return {
    bootstrap: network.bootstrap,
    trackers: network.trackers,
    securityAuthorities: network.authorities,
    unproven: network.unproven,
    ...(network.genesis !== null && { genesis: genesisPath(home) }),
    ...(network.trust !== null && { trust: network.trust }),
    ...(spansMachines(network) && { listen: ['/ip4/0.0.0.0/tcp/0'], swarmHost: '0.0.0.0' }),
  };
}

/** Whether the network has nodes on other machines, which then should reach this one. */
const spansMachines = ({ bootstrap }: NetworkFile): boolean =>
  bootstrap.some((address) => parseMultiaddr(address)?.scope !== 'loopback');

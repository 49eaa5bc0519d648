import { readFile, stat } from 'node:fs/promises';
import { BitorchError, check, codeOf, writeFileAtomic, z, zCount } from '#base';

/** More than the file of a full set of contacts has. */
const MAX_BYTES = 1 << 20;
const MAX_PEERS = 256;
/** Addresses kept of one peer. */
export const MAX_ADDRESSES = 8;
/** Peers that were last connected before this many ms are not worth a dial after a restart. */
const KEPT_MS = 14 * 86_400_000;

const keptPeerSchema = z.strictObject({
  id: z.string().min(1).max(128),
  /** `chain`: it was met as a node of the chain. */
  kind: z.enum(['chain', 'network']),
  addresses: z.array(z.string().max(512)).min(1).max(MAX_ADDRESSES),
  learntFrom: z.enum(['loopback', 'link-local', 'private', 'public']),
  /** Whether one of the addresses was reached by a dial. */
  reached: z.boolean(),
  group: z.string().max(128),
  connectedMs: zCount,
  /** When it was last connected, ms since epoch. */
  lastAt: zCount,
});
const fileSchema = z.strictObject({ version: z.literal(1), peers: z.array(keptPeerSchema).max(MAX_PEERS) });

/** A peer that was met, as it is kept on disk. */
export type KeptPeer = z.infer<typeof keptPeerSchema>;

/** The peers in a file; none if there is no file. Throws CONTACTS_INVALID when it is damaged, or the file system's error. */
export async function readContacts(path: string, now: number): Promise<KeptPeer[]> {
  try {
    if ((await stat(path)).size > MAX_BYTES)
      throw new BitorchError('CONTACTS_INVALID', `${path} is not a file of contacts: it is too long`);
    const { peers } = check(fileSchema, JSON.parse(await readFile(path, 'utf8')), path);
    return peers.filter(({ lastAt }) => now - lastAt <= KEPT_MS);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    if (error instanceof SyntaxError || codeOf(error) === 'SCHEMA_INVALID')
      throw new BitorchError('CONTACTS_INVALID', `${path} is damaged: ${(error as Error).message}`, { path });
    throw error;
  }
}

/** Replaces the file. It tells whom this node knows, so only its owner may read it. Throws DISK_FULL. */
export const writeContacts = (path: string, peers: readonly KeptPeer[]): Promise<void> =>
  writeFileAtomic(path, `${JSON.stringify({ version: 1, peers }, undefined, 1)}\n`, 0o600);

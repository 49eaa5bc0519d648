import { BitorchError, messageOf, toHex, writeFileAtomic } from '#base';
import { fetchGenesis } from '#consensus';
import type { Host } from '#network';
import { type Invite, multiaddrsOf, scopesOfNames } from './invite.ts';
import { scopeOfInvite } from './invite-reach.ts';
import { requireAccepted, risksOf } from './invite-risks.ts';
import {
  genesisPath,
  holdsGenesis,
  mergeNetworks,
  type NetworkFile,
  networkPath,
  readNetwork,
  writeNetwork,
} from './network-file.ts';

export interface JoinDependencies {
  /** Host that asks the peers of the invite. */
  readonly host: Host;
  readonly signal?: AbortSignal;
  /** Hash of the genesis that a running node follows already, whatever its data directory says. */
  readonly followed?: Uint8Array | undefined;
  /** The owner has seen the risks of this invite and wants to join. */
  readonly acceptRisks?: boolean | undefined;
}

/**
 * Joins the network of an invite: fetches its genesis from the peers that the invite names, checks its hash, and records both
 * in the data directory, in this order, so that the same command repeats an interrupted join. A repeated invite of the same
 * network adds its contacts, and replaces a genesis that is damaged. The node uses the network from its next start on. Run one join of
 * a directory at a time.
 *
 * Throws INVITE_FOREIGN when the directory or the node belongs to another network or to a fork of it, INVITE_RISKY when the owner
 * has to agree first, JOIN_UNREACHABLE when no peer of the invite hands out
 * the genesis.
 */
export async function joinNetwork(
  home: string,
  invite: Invite,
  dependencies: JoinDependencies,
): Promise<NetworkFile> {
  const invited = networkOf(invite);
  const joined = await readNetwork(home);
  if (joined && joined.genesis !== invited.genesis) throw foreign(home);
  const { followed } = dependencies;
  if (followed && toHex(followed) !== invited.genesis)
    throw new BitorchError(
      'INVITE_FOREIGN',
      'this invite is for another network than the one that this node was started in: join it with another --home',
    );
  const network = joined ? mergeNetworks(joined, invited) : invited;
  requireAccepted(risksOf(invited, joined), dependencies.acceptRisks ?? false);
  if (invite.genesis && !(await holdsGenesis(home, toHex(invite.genesis))))
    await writeFileAtomic(genesisPath(home), await genesisFrom(invite, invite.genesis, dependencies));
  await writeNetwork(home, network);
  return network;
}

const foreign = (home: string): BitorchError =>
  new BitorchError(
    'INVITE_FOREIGN',
    `this invite is for another network than the one of ${home}: join it with another --home, or delete ${networkPath(home)} to leave the first one`,
  );

function networkOf(invite: Invite): NetworkFile {
  const { genesis, checkpoint, trackers, authorities, unproven } = invite;
  return {
    genesis: genesis ? toHex(genesis) : null,
    bootstrap: multiaddrsOf(invite),
    trackers,
    scopes: scopesOfNames(invite),
    authorities,
    unproven,
    trust: checkpoint ? `${checkpoint.height}:${toHex(checkpoint.id)}` : null,
  };
}

/** The genesis file from the first peer that has it. */
async function genesisFrom(
  invite: Invite,
  hash: Uint8Array,
  { host, signal }: JoinDependencies,
): Promise<Uint8Array> {
  const failures: string[] = [];
  const learntFrom = scopeOfInvite(invite);
  for (const peer of invite.peers) {
    const addresses = multiaddrsOf({ peers: [peer] });
    try {
      return await fetchGenesis(host, { id: peer.id, addresses, learntFrom }, hash, signal);
    } catch (error) {
      signal?.throwIfAborted();
      failures.push(`${addresses[0] ?? peer.id}: ${messageOf(error)}`);
    }
  }
  throw new BitorchError(
    'JOIN_UNREACHABLE',
    `no node of the invite can be reached: check that this machine is online and that the node that made the invite is running (${failures.join('; ')})`,
  );
}

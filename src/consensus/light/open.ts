import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BitorchError, type Logger, messageOf } from '#base';
import type { Host } from '#network';
import { type Genesis, genesisHash, type ValidatorPower } from '../application/index.ts';
import { verifyAll } from '../blocks/index.ts';
import { CLOCK_TOLERANCE_MS, TRUSTING_PERIOD_MS } from '../constants.ts';
import { forkAt, keepFork } from '../evidence/index.ts';
import { LightClient } from './client.ts';
import { LightChain } from './light-chain.ts';
import { type LightPeer, RemotePeer } from './light-peer.ts';
import { type Checkpoint, keepTrusted, trustedAt, trustedIn } from './trust.ts';

export interface OpenLightChainOptions {
  readonly genesis: Genesis;
  /** Folder for the trusted header and the proof of a fork. */
  readonly home: string;
  /** Multiaddrs, ending in /p2p/<peer id>, of nodes to ask. One is enough; several detect what one hides. */
  readonly contacts: readonly string[];
  /** Used instead of the last trusted header. */
  readonly checkpoint?: Checkpoint | undefined;
  readonly maxAgeMs?: number;
}

export interface OpenLightChainDependencies {
  readonly host: Host;
  readonly log: Logger;
  /** The validators of the first block. */
  readonly firstValidators: () => Promise<readonly ValidatorPower[]>;
  /** Milliseconds since epoch. */
  readonly now?: () => number;
}

/**
 * Opens a chain that is followed by its headers. Starts from the last trusted header, else from the genesis or a
 * checkpoint. Throws CHAIN_FORKED when a fork was seen before, NODE_MISSING or LIGHT_MISSING when the checkpoint
 * cannot be fetched.
 */
export async function openLightChain(
  options: OpenLightChainOptions,
  { host, log, firstValidators, now = Date.now }: OpenLightChainDependencies,
): Promise<LightChain> {
  const { genesis, home, contacts, checkpoint } = options;
  const { chainId } = genesis.parameters;
  mkdirSync(home, { recursive: true });
  const [trustPath, forkPath] = [join(home, 'trusted'), join(home, 'fork')];
  if (forkAt(forkPath))
    throw new BitorchError(
      'CHAIN_FORKED',
      `this wallet has seen the chain fork: run "bitorch chain blame ${forkPath}" to see who is responsible. Nothing on it is ` +
        'certain until people have agreed where to continue; then remove that file',
    );
  const remotes = new Map<string, LightPeer>();
  const peers = async () => {
    const ids = await Promise.all(contacts.map((contact) => reach(contact, host, log)));
    return ids
      .filter((id) => id !== undefined)
      .map((id) => {
        const peer = remotes.get(id) ?? new RemotePeer(id, { host });
        remotes.set(id, peer);
        return peer;
      });
  };
  const hash = genesisHash(genesis);
  const from = checkpoint
    ? await trustedAt(checkpoint, await peers())
    : (trustedIn(trustPath, hash) ?? LightClient.genesis(await firstValidators(), genesis.time));
  const trust = { chainId, trustingPeriodMs: TRUSTING_PERIOD_MS, clockToleranceMs: 2 * CLOCK_TOLERANCE_MS };
  return new LightChain(
    {
      trust,
      from,
      began: genesis.time,
      ...(options.maxAgeMs !== undefined && { maxAgeMs: options.maxAgeMs }),
    },
    {
      peers,
      verify: verifyAll,
      now,
      log,
      keep: (trusted) => keepTrusted(trustPath, hash, trusted),
      onFork: (fork) => keepFork(forkPath, { chainId, ...fork, votes: [] }),
    },
  );
}

/** The peer id of a contact; undefined while it is unreachable. */
async function reach(contact: string, host: Host, log: Logger): Promise<string | undefined> {
  const id = contact.split('/').at(-1)!;
  if (host.connected.includes(id)) return id;
  return host.connect(contact).catch((error: unknown) => {
    log.debug({ contact, error: messageOf(error) }, 'contact is unreachable');
    return undefined;
  });
}

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { BitorchError, type Logger, messageOf } from '#base';
import type { Host } from '#network';
import { type Genesis, genesisHash, type ValidatorPower } from '../application/index.ts';
import { verifyAll } from '../blocks/index.ts';
import { CLOCK_TOLERANCE_MS, TRUSTING_PERIOD_MS } from '../constants.ts';
import type { Contact } from '../contacts.ts';
import { forkAt, keepFork } from '../evidence/kept-fork.ts';
import { LightClient } from './client.ts';
import { LightChain } from './light-chain.ts';
import { type LightPeer, RemotePeer } from './light-peer.ts';
import { type Checkpoint, keepTrusted, trustedAt, trustedIn } from './trust.ts';

export interface OpenLightChainOptions {
  readonly genesis: Genesis;
  /** Folder for what is trusted, and for what proves a fork. */
  readonly home: string;
  /** Nodes to ask: one is enough, more of them notice what one hides. */
  readonly contacts: readonly Contact[];
  /** Instead of what was trusted last. */
  readonly checkpoint?: Checkpoint | undefined;
  readonly maxAgeMs?: number;
}

export interface OpenLightChainDependencies {
  readonly host: Host;
  readonly log: Logger;
  /** Who votes on the first block. */
  readonly firstValidators: () => Promise<readonly ValidatorPower[]>;
  /** Milliseconds since epoch. */
  readonly now?: () => number;
}

/**
 * A chain that is followed by its headers. Begins from what was trusted last, else from the genesis or a checkpoint.
 *
 * @throws BitorchError CHAIN_FORKED when a fork was seen before; NODE_MISSING and LIGHT_MISSING for a checkpoint
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
      `this wallet has seen the chain fork: see who did it with "bitorch chain blame ${forkPath}". Nothing on it is sure ` +
        'until people have agreed on what to go on from; then remove that file',
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
  const trust = { chainId, trustingPeriodMs: TRUSTING_PERIOD_MS, clockToleranceMs: CLOCK_TOLERANCE_MS };
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

/** The peer id of a contact, undefined while it cannot be reached. */
async function reach(contact: Contact, host: Host, log: Logger): Promise<string | undefined> {
  const id = contact.split('/').at(-1)!;
  if (host.connected.includes(id)) return id;
  return host.connect(contact).catch((error: unknown) => {
    log.debug({ contact, error: messageOf(error) }, 'not reachable');
    return undefined;
  });
}

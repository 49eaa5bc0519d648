import { randomBytes } from 'node:crypto';
import { createLog } from '#base';
import { LightFollower, type LightFollowerOptions } from '#consensus';
import { SigningKey } from '#crypto';
import type { WalletChain } from '#ledger';
import { Host } from '#network';

export interface RemoteChain {
  readonly chain: WalletChain;
  stop(): Promise<void>;
}

/**
 * The chain of a network as a wallet without a node of its own asks for it: over the peer-to-peer network, under an identity
 * that is made for this once, believing no node that answers.
 *
 * @throws BitorchError GENESIS_MISSING, GENESIS_INVALID, OPTION_INVALID, and what `openLightChain` throws
 */
export async function openRemoteChain(options: LightFollowerOptions): Promise<RemoteChain> {
  const log = createLog();
  const host = await Host.start({ key: new SigningKey(randomBytes(32)), listen: [] }, { log });
  try {
    const following = await LightFollower.of(options, { host, log });
    return { chain: await following.open(), stop: () => host.stop() };
  } catch (error) {
    await host.stop();
    throw error;
  }
}

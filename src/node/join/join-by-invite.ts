import { BitorchError, codeOf, type Logger } from '#base';
import { Host } from '#network';
import { loadIdentity, lockHome } from '../home/identity.ts';
import { parseInvite } from './invite.ts';
import { joinNetwork } from './join-network.ts';
import type { NetworkFile } from './network-file.ts';

/**
 * Joins the network of a pasted invite with a data directory on which no node runs. Throws as `parseInvite` and `joinNetwork` do,
 * and HOME_IN_USE.
 */
export async function joinByInvite(
  home: string,
  pasted: string,
  {
    log,
    signal,
    acceptRisks,
  }: { readonly log: Logger; readonly signal?: AbortSignal; readonly acceptRisks?: boolean },
): Promise<NetworkFile> {
  const invite = parseInvite(pasted, Date.now());
  const unlock = await lockHome(home).catch((error) => {
    if (codeOf(error) !== 'HOME_IN_USE') throw error;
    throw new BitorchError('HOME_IN_USE', `a node is running on ${home}: stop it first, with "bitorch stop"`);
  });
  try {
    const host = await Host.start({ key: await loadIdentity(home) }, { log });
    try {
      return await joinNetwork(home, invite, { host, acceptRisks, ...(signal && { signal }) });
    } finally {
      await host.stop();
    }
  } finally {
    unlock();
  }
}

import { BitorchError, equalBytes, toHex } from '#base';
import { type ChainStatus, firstSpendAt, type WalletChain } from './chain.ts';
import type { Contents } from './contents.ts';

/**
 * Checks that a chain continues what the wallet has scanned. Throws WALLET_NETWORK when the chain belongs to another network,
 * or CHAIN_BEHIND when it is shorter than what the wallet has scanned.
 *
 * @param network the network of the wallet; undefined when it does not know it yet
 */
export function requireSuccessor(
  { height: known, restoreHeight, scanned, spendsScanned }: Contents,
  network: Uint8Array | undefined,
  { height, outputs, spends, parameters }: ChainStatus,
): void {
  if (network && !equalBytes(parameters.network, network)) {
    const [mine, its] = [toHex(network), toHex(parameters.network)];
    throw new BitorchError(
      'WALLET_NETWORK',
      `the wallet belongs to network ${mine}, the node to network ${its}: use a node of the wallet's network, or rescan ` +
        'the wallet on this one',
    );
  }
  if (height < restoreHeight && known === 0) {
    throw new BitorchError(
      'CHAIN_BEHIND',
      `the wallet scans from block ${restoreHeight}, but the node is at block ${height}: wait until the node has caught up; if ` +
        'the wallet was used before that block, rescan it',
    );
  }
  if (height < known || outputs < scanned || spends < spendsScanned) {
    throw new BitorchError(
      'CHAIN_BEHIND',
      `the node is at block ${height}, but the wallet has scanned to block ${known}: wait until the node has caught up; ` +
        'if the network was restarted from a new genesis, rescan the wallet',
    );
  }
}

/** Number of the first output to scan. */
export async function firstToScan({ scanned, restoreHeight }: Contents, chain: WalletChain): Promise<number> {
  if (scanned > 0 || restoreHeight === 0) return scanned;
  return (await chain.totals(restoreHeight)).before;
}

/** Number of the first spend to scan. */
export async function firstSpendToScan(
  { spendsScanned, restoreHeight }: Contents,
  chain: WalletChain,
  { spends }: ChainStatus,
): Promise<number> {
  return spendsScanned > 0 ? spendsScanned : firstSpendAt(chain, restoreHeight, spends);
}

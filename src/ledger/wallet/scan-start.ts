import { BitorchError, equalBytes, toHex } from '#base';
import { type ChainStatus, firstSpendAt, type WalletChain } from './chain.ts';
import type { Contents } from './contents.ts';

/**
 * That a chain goes on from where a wallet has read.
 *
 * @param network the wallet's, where it knows it
 * @throws BitorchError `WALLET_NETWORK` for another network's chain, `CHAIN_BEHIND` for one that knows less
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
      `the wallet is for the network ${mine}, the node's is ${its}: ask a node of that network, or let the wallet ` +
        'look at everything again on this one (rescan)',
    );
  }
  if (height < restoreHeight && known === 0) {
    throw new BitorchError(
      'CHAIN_BEHIND',
      `the wallet looks from block ${restoreHeight} on, and the node is at block ${height}: wait until the node has caught up; if ` +
        'the wallet was used before that block, let it look at everything again (rescan)',
    );
  }
  if (height < known || outputs < scanned || spends < spendsScanned) {
    throw new BitorchError(
      'CHAIN_BEHIND',
      `the node is at block ${height}, the wallet knows block ${known}: wait until the node has caught up; ` +
        'if the network was begun anew, let the wallet look at everything again (rescan)',
    );
  }
}

/** The number of the first output to look at. */
export async function firstToScan({ scanned, restoreHeight }: Contents, chain: WalletChain): Promise<number> {
  if (scanned > 0 || restoreHeight === 0) return scanned;
  return (await chain.totals(restoreHeight)).before;
}

/** The number of the first spend to look at. */
export async function firstSpendToScan(
  { spendsScanned, restoreHeight }: Contents,
  chain: WalletChain,
  { spends }: ChainStatus,
): Promise<number> {
  return spendsScanned > 0 ? spendsScanned : firstSpendAt(chain, restoreHeight, spends);
}

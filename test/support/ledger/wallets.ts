import type { Address } from '#crypto';
import { MemoryStore, type Store } from '#store';
import { Ledger } from '../../../src/ledger/ledger.ts';
import type { WalletChain } from '../../../src/ledger/wallet/chain.ts';
import { localChain } from '../../../src/ledger/wallet/local-chain.ts';
import { Wallet } from '../../../src/ledger/wallet/wallet.ts';
import { curve, deterministic, genesisOf, grow, growTo, TEST_PARAMETERS } from './chain.ts';

export const OPTIONS = { network: TEST_PARAMETERS.network, curve };

export const walletOf = (seed: string): Wallet => Wallet.create(OPTIONS, deterministic(seed));

/** A chain with real spends whose genesis grants outputs of 1,000 TORCH, old enough to be spent. */
export function realLedger(to: readonly Address[], each = 20, store: Store = new MemoryStore()): Ledger {
  const grants = to.flatMap((address) =>
    Array.from({ length: each }, () => ({ to: address, amount: 10n ** 12n })),
  );
  const ledger = Ledger.create({ ...genesisOf(), grants }, { store, curve });
  growTo(ledger, 4);
  return ledger;
}

/** The ledger as wallets see it; what they submit goes straight into a block. */
export const chainOf = (ledger: Ledger): WalletChain =>
  localChain(ledger, (bytes) => grow(ledger, ledger.parse(bytes)));

import * as format from '../format.ts';
import { wallet } from '../state/chain.ts';
import { backup } from '../state/wallet.ts';
import { Backup } from '../wallet/backup.tsx';
import { Setup } from '../wallet/setup.tsx';
import { Continue } from './continue.tsx';
import type { StepProps } from './wizard.tsx';

export function WalletStep({ view, onDone }: StepProps) {
  const blocked = view.steps.find(({ name }) => name === 'wallet')?.blocked;
  if (blocked !== undefined) {
    return (
      <>
        <p class="notice">{format.sentence(blocked)}</p>
        <p class="muted">You can create a wallet at any time under “Wallet”, when that page is there.</p>
      </>
    );
  }
  if (backup.value) return <Backup words={backup.value.words} />;
  const state = wallet.value?.state;
  if (state === undefined) {
    return (
      <p class="muted" role="status">
        Loading your wallet…
      </p>
    );
  }
  if (state === 'missing') {
    return (
      <>
        <p>What your computer earns goes to a wallet. Only you hold its keys.</p>
        <Setup />
      </>
    );
  }
  return (
    <>
      {wallet.value?.backedUp ? (
        <p class="notice notice-ok">Your wallet is ready, and its words are written down.</p>
      ) : (
        <p class="notice">
          Your wallet is ready, but its words are not written down yet. You find them under “Wallet”,
          “Backup”.
        </p>
      )}
      <Continue onClick={onDone} />
    </>
  );
}

import { useSignal, useSignalEffect } from '@preact/signals';
import { chain, isTest, wallet } from '../state/chain.ts';
import { backup, lock, refresh } from '../state/wallet.ts';
import { Backup, BackupPanel } from './backup.tsx';
import { type Action, Balance } from './balance.tsx';
import { History } from './history.tsx';
import { CheckProof } from './proof.tsx';
import { Receive } from './receive.tsx';
import { Send } from './send.tsx';
import { Setup } from './setup.tsx';
import { Unlock } from './unlock.tsx';

/** The wallet of your node: setup, unlocking, and then balance, payments, addresses and backup. */
export function WalletPage() {
  const state = wallet.value?.state;
  return (
    <>
      <h2>
        Wallet{' '}
        {chain.value && (
          <span class="muted" dir="auto">
            {chain.value.network}
          </span>
        )}
        {isTest.value && <span class="tag">test network: coins have no value</span>}
      </h2>
      {backup.value ? (
        <Backup words={backup.value.words} />
      ) : state === 'open' ? (
        <Open />
      ) : state === 'locked' ? (
        <Unlock />
      ) : state === 'missing' ? (
        <Setup />
      ) : (
        <p class="splash" role="status">
          Loading your wallet…
        </p>
      )}
    </>
  );
}

function Open() {
  const doing = useSignal<Action | undefined>(undefined);
  useSignalEffect(() => {
    if (wallet.value?.state === 'open') void refresh().catch(() => undefined);
  });
  return (
    <div class="single">
      <Balance view={wallet.value!} doing={doing} />
      {doing.value === 'send' && <Send />}
      {doing.value === 'receive' && <Receive />}
      <History onReceive={() => (doing.value = 'receive')} />
      <CheckProof />
      <BackupPanel />
      <p>
        <button type="button" class="quiet" onClick={() => void lock().catch(() => undefined)}>
          Lock
        </button>
      </p>
    </div>
  );
}

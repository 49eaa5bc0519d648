import { type Signal, useSignal } from '@preact/signals';
import type { WalletView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Term } from '../shell/term.tsx';
import { isTest } from '../state/chain.ts';
import { askFaucet } from '../state/wallet.ts';

export type Action = 'send' | 'receive';

/** The balance, its two actions, and warnings. `doing`: the action that is open. */
export function Balance({ view, doing }: { view: WalletView; doing: Signal<Action | undefined> }) {
  const toggle = (action: Action) => {
    doing.value = doing.value === action ? undefined : action;
  };
  const { balance, scan, backedUp, problem } = view;
  return (
    <>
      {!backedUp && (
        <p class="notice" role="status">
          <strong>Your words are not backed up.</strong> If you lose this computer without them, you lose the
          money. Write them down under “Backup”.
        </p>
      )}
      {problem && (
        <p class="notice" role="status">
          <strong>The balance may be incomplete.</strong> {problem}
        </p>
      )}
      {scan && scan.done < scan.total && (
        <label class="step notice">
          <span>Scanning the ledger for your money</span>
          <span class="number">
            {scan.done.toLocaleString('en')} of {format.count(scan.total, 'output')}
          </span>
          <progress max={scan.total || 1} value={scan.done} />
        </label>
      )}
      <section class="balance" aria-label="Balance">
        <p class="total">{balance ? format.torch(balance.total) : '–'}</p>
        <p class="muted">
          {balance && BigInt(balance.locked) > 0n ? (
            <>
              {format.torch(balance.spendable)} can be spent now; {format.torch(balance.locked)}{' '}
              <Term of="locked">locked</Term>
            </>
          ) : (
            balance && (balance.total === '0' ? 'No coins yet' : 'All of it can be spent now')
          )}
        </p>
        <p class="buttons">
          <button
            type="button"
            class={doing.value === 'send' ? undefined : 'primary'}
            aria-expanded={doing.value === 'send'}
            onClick={() => toggle('send')}
          >
            Send
          </button>
          <button type="button" aria-expanded={doing.value === 'receive'} onClick={() => toggle('receive')}>
            Receive
          </button>
        </p>
        {isTest.value && <Faucet total={balance?.total} />}
      </section>
    </>
  );
}

/** Requests free coins on a test network. The message disappears once `total`, the balance in sparks, has changed. */
function Faucet({ total }: { total: string | undefined }) {
  const message = useSignal<string | undefined>(undefined);
  const before = useSignal(total);
  const busy = useSignal(false);
  const ask = async () => {
    busy.value = true;
    before.value = total;
    try {
      await askFaucet();
      message.value = 'On its way: it arrives with one of the next blocks.';
    } catch (error) {
      message.value = (error as Error).message;
    }
    busy.value = false;
  };
  return (
    <p class="faucet">
      <button type="button" class="quiet" disabled={busy.value} onClick={() => void ask()}>
        Get test money
      </button>
      <span class="small muted" role="status">
        {total === before.value && message.value}
      </span>
    </p>
  );
}

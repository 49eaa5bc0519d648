import { useSignal } from '@preact/signals';
import type { WalletView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { isTest } from '../state/chain.ts';
import { askFaucet, lock } from '../state/wallet.ts';

/** The balance, how much of it can be spent now, and warnings. */
export function Balance({ view }: { view: WalletView }) {
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
      <section class="panel balance" aria-label="Balance">
        <p class="total">
          <span class="muted small">Balance</span>
          <strong>{balance ? format.torch(balance.total) : '–'}</strong>
        </p>
        <dl>
          <dt>Spendable</dt>
          <dd class="number">{balance ? format.torch(balance.spendable) : '–'}</dd>
          <dt>Locked</dt>
          <dd class="number">{balance ? format.torch(balance.locked) : '–'}</dd>
        </dl>
        <p class="buttons">
          {isTest.value && <Faucet total={balance?.total} />}
          <button type="button" onClick={() => void lock().catch(() => undefined)}>
            Lock
          </button>
        </p>
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
    <>
      <span class="small muted" role="status">
        {total === before.value && message.value}
      </span>
      <button type="button" disabled={busy.value} onClick={() => void ask()}>
        Get test money
      </button>
    </>
  );
}

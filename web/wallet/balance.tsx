import { useSignal } from '@preact/signals';
import type { WalletView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { isTest } from '../state/chain.ts';
import { askFaucet, lock } from '../state/wallet.ts';

/** What there is, and what of it can be spent now. */
export function Balance({ view }: { view: WalletView }) {
  const { balance, scan, backedUp, problem } = view;
  return (
    <>
      {!backedUp && (
        <p class="notice" role="status">
          <strong>Your words are not backed up.</strong> Whoever loses this machine without them loses the
          money: write them down under “Backup”.
        </p>
      )}
      {problem && (
        <p class="notice" role="status">
          <strong>This may not be all.</strong> {problem}
        </p>
      )}
      {scan && scan.done < scan.total && (
        <label class="step notice">
          <span>Looking through the ledger for your money</span>
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
          <dt>Not yet</dt>
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

/** Test networks give their money away; what comes shows in the balance, whose `total` it is given. */
function Faucet({ total }: { total: string | undefined }) {
  const said = useSignal<string | undefined>(undefined);
  const before = useSignal(total);
  const busy = useSignal(false);
  const ask = async () => {
    busy.value = true;
    before.value = total;
    try {
      await askFaucet();
      said.value = 'On its way: it is yours with the next blocks.';
    } catch (error) {
      said.value = (error as Error).message;
    }
    busy.value = false;
  };
  return (
    <>
      <span class="small muted" role="status">
        {total === before.value && said.value}
      </span>
      <button type="button" disabled={busy.value} onClick={() => void ask()}>
        Get test money
      </button>
    </>
  );
}

import type { WalletEntry } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { history } from '../state/wallet.ts';
import { ProveEntry } from './proof.tsx';

const KINDS = { received: 'Received', minted: 'Earned', sent: 'Sent' } as const;

/** Incoming and outgoing payments, newest first. */
export function History({ onReceive }: { onReceive: () => void }) {
  return (
    <section class="panel" aria-labelledby="history-heading">
      <h3 id="history-heading">History</h3>
      {history.value.length === 0 ? (
        <div class="empty">
          <p class="muted">No payments yet. Give someone an address of yours, or let your computer earn.</p>
          <button type="button" onClick={onReceive}>
            Show my address
          </button>
        </div>
      ) : (
        <ul class="entries">
          {history.value.map((entry) => (
            <Entry key={entry.id ?? `output ${entry.output}`} entry={entry} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Entry({ entry }: { entry: WalletEntry }) {
  const { kind, amount, fee, to, state } = entry;
  const provable = state === 'final';
  return (
    <li>
      <p class="line">
        <span>
          <strong>{KINDS[kind]}</strong> <span class="muted small">{whenOf(entry)}</span>
        </span>
        <strong class="number" data-direction={kind === 'sent' ? 'out' : 'in'}>
          {kind === 'sent' ? '−' : '+'}
          {format.torch(amount)}
        </strong>
      </p>
      {to?.map(({ address }) => (
        <p key={address} class="muted small">
          to <code title={address}>{format.shortHash(address)}</code>
        </p>
      ))}
      {fee && <p class="muted small">fee {format.torch(fee)}</p>}
      {provable && <ProveEntry entry={entry} />}
    </li>
  );
}

function whenOf({ state, height }: WalletEntry): string {
  if (state === 'sent') return 'waiting for a block';
  if (state === 'pending') return 'no node has accepted it yet; it is retried';
  if (state === 'refused') return 'refused; the money is still yours';
  if (state === 'superseded') return 'not paid: replaced by another transfer of the same coins';
  if (state === 'expired') return 'expired before a block included it; the money is still yours';
  return `final in block ${height.toLocaleString('en')}`;
}

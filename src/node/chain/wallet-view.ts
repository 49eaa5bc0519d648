import { toHex } from '#base';
import { formatAddress, type Owned, type Sent, type TransferPlan, type Wallet } from '#ledger';
import type { BalanceView, PaymentPreview, ReceiveAddress, WalletEntry } from '../chain-api.ts';

export function balanceView(wallet: Wallet): BalanceView {
  const { unlocked, locked } = wallet.balance();
  return { total: `${unlocked + locked}`, spendable: `${unlocked}`, locked: `${locked}` };
}

export const addressViews = (wallet: Wallet): ReceiveAddress[] =>
  ['', ...wallet.labels].map((label, index) => ({ index, label, address: wallet.addressText(index) }));

export function previewOf(plan: TransferPlan, to: string, amount: bigint, wallet: Wallet): PaymentPreview {
  const change = plan.outputs[plan.change]!.amount;
  const spent = plan.spends.reduce((sum, { output }) => sum + output.amount, 0n);
  return {
    to,
    amount: `${amount}`,
    fee: `${plan.fee}`,
    total: `${amount + plan.fee}`,
    change: `${change}`,
    inputs: plan.spends.length,
    bytes: plan.weight,
    left: `${wallet.balance().unlocked - spent}`,
  };
}

/** Newest first; what no block holds yet before all. */
export function historyView(wallet: Wallet): WalletEntry[] {
  const change = new Set(wallet.sent.map(({ changeKey }) => toHex(changeKey)));
  const came = wallet.owned.filter(({ key }) => !change.has(toHex(key))).map(receivedView);
  const went = wallet.sent.map((entry) => sentView(entry, wallet));
  const place = ({ height }: WalletEntry) => (height === 0 ? Number.POSITIVE_INFINITY : height);
  return [...came, ...went].sort((a, b) => (place(a) === place(b) ? 0 : place(b) - place(a)));
}

const receivedView = (output: Owned): WalletEntry => ({
  kind: output.minted === 1 ? 'minted' : 'received',
  output: output.number,
  index: output.subaddress,
  amount: `${output.amount}`,
  height: output.height,
  state: 'final',
});

function sentView(entry: Sent, wallet: Wallet): WalletEntry {
  const paid = entry.payments.reduce((sum, { amount }) => sum + amount, entry.deposits);
  return {
    kind: 'sent',
    id: toHex(entry.id),
    to: entry.payments.map(({ to, amount }) => ({
      address: formatAddress(to, wallet.network!),
      amount: `${amount}`,
    })),
    amount: `${paid}`,
    fee: `${entry.fee}`,
    height: entry.height,
    state: entry.height > 0 ? 'final' : wallet.stateOf(entry),
  };
}

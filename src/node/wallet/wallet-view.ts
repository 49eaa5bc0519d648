import { toHex } from '#base';
import { formatAddress, type Owned, type Sent, type TransferPlan, type Wallet } from '#ledger';
import type {
  BalanceView,
  PaymentPreview,
  PaymentReceipt,
  ReceiveAddress,
  WalletEntry,
} from '../api/node-api.ts';

export function balanceView(wallet: Wallet): BalanceView {
  const { unlocked, locked } = wallet.balance();
  return { total: `${unlocked + locked}`, spendable: `${unlocked}`, locked: `${locked}` };
}

export const addressViews = (wallet: Wallet): ReceiveAddress[] =>
  ['', ...wallet.labels].map((label, index) => ({ index, label, address: wallet.addressText(index) }));

/** What the transfers of a payment cost together. */
export function previewOf(plans: readonly TransferPlan[], to: string, wallet: Wallet): PaymentPreview {
  const sum = (of: (plan: TransferPlan) => bigint) => plans.reduce((total, plan) => total + of(plan), 0n);
  const change = sum((plan) => plan.outputs[plan.change]!.amount);
  const fee = sum((plan) => plan.fee);
  const spent = sum(({ spends }) => spends.reduce((total, { output }) => total + output.amount, 0n));
  return {
    to,
    amount: `${spent - change - fee}`,
    fee: `${fee}`,
    total: `${spent - change}`,
    change: `${change}`,
    transfers: plans.length,
    inputs: plans.reduce((total, { spends }) => total + spends.length, 0),
    bytes: plans.reduce((total, { weight }) => total + weight, 0),
    left: `${wallet.balance().unlocked - spent}`,
  };
}

const WORST_FIRST = ['refused', 'pending', 'sent'];

/** Of the transfers of one payment the one that fared worst stands for all. */
export function receiptOfAll(receipts: readonly PaymentReceipt[]): PaymentReceipt {
  const [worst] = receipts.toSorted(
    (a, b) => WORST_FIRST.indexOf(a.outcome) - WORST_FIRST.indexOf(b.outcome),
  );
  const fee = receipts.reduce((total, receipt) => total + BigInt(receipt.fee), 0n);
  const others = receipts.filter((receipt) => receipt !== worst).map(({ id }) => id);
  return { ...worst!, fee: `${fee}`, ...(others.length > 0 && { others }) };
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

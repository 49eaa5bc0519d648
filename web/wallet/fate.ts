import type { PaymentReceipt, WalletEntry } from '../../src/node/api/node-api.ts';

/**
 * What became of a payment, in a sentence or two.
 *
 * @param amount as it is shown
 * @param state of its entry in the history, as soon as it is there
 */
export function fateOf(
  amount: string,
  { outcome, message, expiry }: PaymentReceipt,
  entry?: Pick<WalletEntry, 'state' | 'height'>,
): string {
  const by = `by block ${expiry.toLocaleString('en')} at the latest`;
  const why = message ? ` (${message})` : '';
  switch (entry?.state ?? outcome) {
    case 'final':
      return `Sent ${amount}. It is final, in block ${entry!.height.toLocaleString('en')}.`;
    case 'sent':
      return `Sent ${amount}. It is final as soon as a block holds it, ${by}.`;
    case 'pending':
      return (
        `Pending: ${amount}${why}. It is tried again, ${by}. Ordering the same payment again tries it too: only one ` +
        'is ever paid.'
      );
    case 'refused':
      return `Refused: ${amount}${why}. Nothing was paid; the money is still yours.`;
    case 'superseded':
      return `Not paid by this transfer: ${amount}. Another try at it counts, see the history.`;
    case 'expired':
      return `Not paid: ${amount}. No block took it in time; the money is still yours.`;
  }
}

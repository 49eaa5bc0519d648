import type { PaymentReceipt, WalletEntry } from '../../src/node/api/node-api.ts';

/**
 * Describes the outcome of a payment in a sentence or two.
 *
 * @param amount formatted for display
 * @param entry the payment's entry in the history, once there is one
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
      return `Sent ${amount}. It is final once a block contains it, ${by}.`;
    case 'pending':
      return (
        `Pending: ${amount}${why}. It is retried, ${by}. Sending the same payment again retries it too: it is ` +
        'paid only once.'
      );
    case 'refused':
      return `Refused: ${amount}${why}. Nothing was paid; the money is still yours.`;
    case 'superseded':
      return `Not paid by this transfer: ${amount}. Another attempt replaced it; see the history.`;
    case 'expired':
      return `Not paid: ${amount}. No block included it in time; the money is still yours.`;
  }
}

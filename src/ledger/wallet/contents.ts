import { addressCodec, key } from '../accounts/shapes.ts';
import { amount, blob, byteOf, type Decoded, fixed, integer, list, struct } from '../codec/index.ts';
import { MAX_TRANSACTION_BYTES, NETWORK_BYTES, RING_SIZE } from '../constants.ts';
import type { OutputTotal } from './chain.ts';

/** The decrypted contents of a wallet file, in the ledger's strict, canonical codecs. */

const ownedCodec = struct({
  /** Global number on the ledger. */
  number: integer(),
  key,
  amount,
  mask: key,
  /** One-time secret minus spend secret. */
  offset: key,
  subaddress: integer(0, 2 ** 32 - 1),
  height: integer(),
  minted: byteOf(0, 1),
  /** I; zeros in a view-only wallet, which cannot compute it. */
  keyImage: key,
  /** Height of its spend; 0 while it is unspent. */
  spentAt: integer(),
});

export type Owned = Decoded<typeof ownedCodec>;

const paymentCodec = struct({
  to: addressCodec,
  amount,
  /** P, R and r of its output, for a proof of payment. */
  key,
  txKey: key,
  txSecret: key,
});

export type Payment = Decoded<typeof paymentCodec>;

/**
 * State of a transfer that is in no block. `pending`, `sent` and `refused` are the last outcome of submitting it, see
 * `Submission`; it starts as `pending`. Any of them becomes `superseded`, which is final, when a block spends one of its inputs
 * in another transaction, see `withSpends`.
 */
export const STATE = { pending: 0, sent: 1, refused: 2, superseded: 3 } as const;

const sentCodec = struct({
  id: fixed(32),
  /** Network that it was signed for. */
  network: fixed(NETWORK_BYTES),
  /** Hash of the order: the same order again is another attempt at the same payment. */
  order: fixed(32),
  state: byteOf(STATE.pending, STATE.sent, STATE.refused, STATE.superseded),
  /** Height of its block; 0 while it is in none. */
  height: integer(),
  expiry: integer(),
  fee: amount,
  /** Sparks moved into public accounts: bonds, escrows. */
  deposits: amount,
  payments: list(paymentCodec, 16),
  /** The change in sparks, and the one-time key of its output. */
  change: amount,
  changeKey: key,
  /** Key images of its inputs. */
  spends: list(key, 64),
  /** The transaction, to submit again in case nodes forget it; empty once no block can include it any more. */
  bytes: blob(MAX_TRANSACTION_BYTES),
});

export type Sent = Decoded<typeof sentCodec>;

const ringCodec = struct({ keyImage: key, members: list(integer(), RING_SIZE, RING_SIZE) });

/** One block that created outputs: its distance in blocks from the previous such block, and its number of outputs. */
const stepCodec = struct({ blocks: integer(1), outputs: integer(1) });

export const contentsCodec = struct({
  version: byteOf(2),
  /** Zeros until the first scan sets it, in a wallet created without a network. */
  network: fixed(NETWORK_BYTES),
  /** 0: can spend, `secret` is the entropy of the words. 1: view-only, `secret` is the view secret. */
  kind: byteOf(0, 1),
  secret: key,
  spendKey: key,
  restoreHeight: integer(),
  /** Numbers of the next output and the next spend to scan, and the height up to which the scan is complete. */
  scanned: integer(),
  spendsScanned: integer(),
  height: integer(),
  /** In blocks: parameters of the network at that height; 0 before the first scan. */
  maturity: integer(),
  mintMaturity: integer(),
  /** Labels of the subaddresses created so far, from index 1; UTF-8. */
  labels: list(blob(256), 65_536),
  owned: list(ownedCodec, 2 ** 24),
  /** Append-only: its secrets prove payments. */
  sent: list(sentCodec, 2 ** 20),
  /**
   * Rings of unspent outputs for which a spend was signed. Two different rings with one key image would reveal the real
   * output as what they have in common, so every attempt to spend an output uses the same ring.
   */
  rings: list(ringCodec, 2 ** 20),
  /** Output totals of the chain. Public, but cached, so that asking for them does not announce a payment. */
  totals: list(stepCodec, 2 ** 27),
});

export type Contents = Decoded<typeof contentsCodec>;

export function packTotals(totals: readonly OutputTotal[]): Contents['totals'] {
  return totals.map(({ height, total }, i) => {
    const last = totals[i - 1] ?? { height: -1, total: 0 };
    return { blocks: height - last.height, outputs: total - last.total };
  });
}

export function unpackTotals(steps: Contents['totals']): OutputTotal[] {
  let [height, total] = [-1, 0];
  return steps.map(({ blocks, outputs }) => {
    height += blocks;
    total += outputs;
    return { height, total };
  });
}

/** Contents of a wallet that has not been scanned yet. */
export const emptyContents = (
  keys: Pick<Contents, 'kind' | 'network' | 'secret' | 'spendKey' | 'restoreHeight'>,
): Contents => ({
  version: 2,
  ...keys,
  scanned: 0,
  spendsScanned: 0,
  height: 0,
  maturity: 0,
  mintMaturity: 0,
  labels: [],
  owned: [],
  sent: [],
  rings: [],
  totals: [],
});

import { addressCodec, key } from '../accounts/shapes.ts';
import { amount, blob, byteOf, type Decoded, fixed, integer, list, struct } from '../codec/index.ts';
import { MAX_TRANSACTION_BYTES, NETWORK_BYTES, RING_SIZE } from '../constants.ts';
import type { OutputTotal } from './chain.ts';

/** What a wallet file holds once it is opened. Codecs here are the ledger's: strict and canonical. */

const ownedCodec = struct({
  /** Global number on the ledger. */
  number: integer(),
  key,
  amount,
  mask: key,
  /** What its one-time secret adds to the spend secret. */
  offset: key,
  subaddress: integer(0, 2 ** 32 - 1),
  height: integer(),
  minted: byteOf(0, 1),
  /** I; zeros in a view-only wallet, which cannot know it. */
  keyImage: key,
  /** Height of the spend on the ledger, 0 while there is none. */
  spentAt: integer(),
});

export type Owned = Decoded<typeof ownedCodec>;

const paymentCodec = struct({
  to: addressCodec,
  amount,
  /** P, R and r of its output: what a proof of payment needs. */
  key,
  txKey: key,
  txSecret: key,
});

export type Payment = Decoded<typeof paymentCodec>;

/** How far a transfer has come that no block holds; see `Submission`, and for the last one `withSpends`. */
export const STATE = { pending: 0, sent: 1, refused: 2, superseded: 3 } as const;

const sentCodec = struct({
  id: fixed(32),
  /** That it was made for. */
  network: fixed(NETWORK_BYTES),
  /** Hash of what was ordered: the same order again is another try of the same payment. */
  order: fixed(32),
  state: byteOf(STATE.pending, STATE.sent, STATE.refused, STATE.superseded),
  /** Of the block that holds it; 0 while none does. */
  height: integer(),
  expiry: integer(),
  fee: amount,
  /** Into public accounts: bonds, escrows. */
  deposits: amount,
  payments: list(paymentCodec, 16),
  /** What came back, and the one-time key it came back to. */
  change: amount,
  changeKey: key,
  /** Key images of what it spends. */
  spends: list(key, 64),
  /** Itself while a block may come to hold it: to be handed in again should those who kept it forget it. */
  bytes: blob(MAX_TRANSACTION_BYTES),
});

export type Sent = Decoded<typeof sentCodec>;

const ringCodec = struct({ keyImage: key, members: list(integer(), RING_SIZE, RING_SIZE) });

/** In a block that made outputs: how many blocks after the one before it, and how many outputs. */
const stepCodec = struct({ blocks: integer(1), outputs: integer(1) });

export const contentsCodec = struct({
  version: byteOf(2),
  /** Zeros in a wallet that does not know its network yet: its first scan decides. */
  network: fixed(NETWORK_BYTES),
  /** 0 can spend: `secret` is the entropy of the words. 1 is view-only: it is the view secret. */
  kind: byteOf(0, 1),
  secret: key,
  spendKey: key,
  restoreHeight: integer(),
  /** Numbers of the next output and the next spend to look at, and the height up to which all is known. */
  scanned: integer(),
  spendsScanned: integer(),
  height: integer(),
  /** Of the network, as it was at that height; 0 before the first scan. */
  maturity: integer(),
  mintMaturity: integer(),
  /** Labels of the subaddresses made so far, from index 1 on; UTF-8. */
  labels: list(blob(256), 65_536),
  owned: list(ownedCodec, 2 ** 24),
  /** Nothing is ever taken out of it: it holds what proves the payments. */
  sent: list(sentCodec, 2 ** 20),
  /**
   * The rings of outputs that were signed for and are not spent yet. Two different rings of one output would have little
   * else in common, so it is spent with the same one however often that is tried.
   */
  rings: list(ringCodec, 2 ** 20),
  /** Totals of the chain's outputs, public, kept so that nobody sees a payment coming by their being asked for. */
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

/** A wallet that has not looked at the chain yet. */
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

import { toHex } from '#base';
import { MAX_SPENDS_ASKED, type WalletChain } from './chain.ts';
import type { Contents, Owned } from './contents.ts';
import { pending, type Spends, stateOf, type Transferred, transfersOf } from './transfers.ts';

/** In sparks. `locked` is immature, or the change of a transfer that is not in a block yet. */
export interface Balance {
  readonly unlocked: bigint;
  readonly locked: bigint;
}

/** One line of the history. */
export interface HistoryEntry {
  /**
   * For a transfer that is in no block: `sent` waits in a node's mempool, `pending` is submitted again at every scan, `refused`
   * broke a rule, `superseded` lost to another attempt or another copy of this wallet, `expired` passed its expiry height.
   */
  readonly kind: 'received' | 'minted' | Transferred;
  /** Height of its block; 0 for a transfer that is in no block. */
  readonly height: number;
  /** Change of the balance, in sparks. */
  readonly change: bigint;
  /** For a received output: the index of the address that it paid, and its number on the ledger. */
  readonly subaddress?: number;
  readonly output?: number;
  /** For a transfer made by this copy of the wallet: its transaction id and its fee in sparks. */
  readonly id?: Uint8Array;
  readonly fee?: bigint;
}

const sum = (outputs: readonly { amount: bigint }[]): bigint =>
  outputs.reduce((total, { amount }) => total + amount, 0n);

/** Reads all spends `[from, to)` and keeps those of this wallet, so that the node does not learn which it looks for. */
export async function readSpends(
  contents: Contents,
  chain: WalletChain,
  from: number,
  to: number,
): Promise<Spends> {
  const mine = new Set(
    [...contents.owned.map(({ keyImage }) => keyImage), ...contents.sent.flatMap(({ spends }) => spends)].map(
      toHex,
    ),
  );
  const found = new Map<string, number>();
  for (let first = from; first < to; first += MAX_SPENDS_ASKED) {
    for (const { keyImage, height } of await chain.spends(first, Math.min(first + MAX_SPENDS_ASKED, to))) {
      if (mine.has(toHex(keyImage))) found.set(toHex(keyImage), height);
    }
  }
  return found;
}

/** Outputs that can be spent in the next block: unspent, mature, and not used by a waiting transfer. */
export function spendableOf(contents: Contents): Owned[] {
  const waiting = new Set(pending(contents).flatMap(({ spends }) => spends.map(toHex)));
  return contents.owned.filter(({ spentAt, keyImage, height, minted }) => {
    const wait = minted ? contents.mintMaturity : contents.maturity;
    return spentAt === 0 && height + wait <= contents.height + 1 && !waiting.has(toHex(keyImage));
  });
}

export function balanceOf(contents: Contents): Balance {
  const transfers = pending(contents);
  const waiting = new Set(transfers.flatMap(({ spends }) => spends.map(toHex)));
  const unspent = contents.owned.filter(
    ({ spentAt, keyImage }) => spentAt === 0 && !waiting.has(toHex(keyImage)),
  );
  const unlocked = sum(spendableOf(contents));
  const change = transfers.reduce((total, entry) => total + entry.change, 0n);
  return { unlocked, locked: sum(unspent) - unlocked + change };
}

/**
 * Newest last. Change is part of its transfer. A spend by another copy of the wallet is shown as sent and its change as
 * received, because the ledger does not show how much was paid.
 */
export function historyOf(contents: Contents): HistoryEntry[] {
  const { owned } = contents;
  const sent = transfersOf(contents);
  const changeKeys = new Set(sent.map(({ changeKey }) => toHex(changeKey)));
  const spentHere = new Set(
    sent.filter(({ height }) => height > 0).flatMap(({ spends }) => spends.map(toHex)),
  );
  const received = owned
    .filter(({ key }) => !changeKeys.has(toHex(key)))
    .map(
      (output): HistoryEntry => ({
        kind: output.minted ? 'minted' : 'received',
        height: output.height,
        change: output.amount,
        subaddress: output.subaddress,
        output: output.number,
      }),
    );
  const sentHere = sent.map((entry): HistoryEntry => {
    const kind = stateOf(entry, contents);
    const moves = kind === 'sent' || kind === 'pending';
    const paid = sum(entry.payments) + entry.deposits + entry.fee;
    const { id, fee } = entry;
    return { kind, height: entry.height, change: moves ? -paid : 0n, id, fee };
  });
  const sentElsewhere = owned
    .filter(({ spentAt, keyImage }) => spentAt > 0 && !spentHere.has(toHex(keyImage)))
    .map((output): HistoryEntry => ({ kind: 'sent', height: output.spentAt, change: -output.amount }));
  const waits = ({ kind, height }: HistoryEntry) => height === 0 && kind !== 'received' && kind !== 'minted';
  const place = (entry: HistoryEntry) => (waits(entry) ? Number.MAX_SAFE_INTEGER : entry.height);
  return [...received, ...sentHere, ...sentElsewhere].sort((a, b) => place(a) - place(b));
}

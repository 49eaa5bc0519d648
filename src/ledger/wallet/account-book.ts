import { toHex } from '#base';
import { MAX_SPENDS_ASKED, type WalletChain } from './chain.ts';
import type { Contents, Owned } from './contents.ts';
import { pending, stateOf, type Transferred, transfersOf } from './transfers.ts';

/** Sparks. `locked` waits for its maturity, or comes back as change of a transfer that is in no block yet. */
export interface Balance {
  readonly unlocked: bigint;
  readonly locked: bigint;
}

/** One line of the history; `change` is what the balance changed by, in sparks. */
export interface HistoryEntry {
  /**
   * Of what no block holds: `sent` waits with a node, `pending` is tried again at every scan, `refused` broke a rule,
   * `superseded` gave way to another try or another copy of this wallet, `expired` came too late.
   */
  readonly kind: 'received' | 'minted' | Transferred;
  /** Of what was sent: 0 while it is in no block. */
  readonly height: number;
  readonly change: bigint;
  /** Of what was received: the index of the address it came to, and the output's number on the ledger. */
  readonly subaddress?: number;
  readonly output?: number;
  /** Of what this wallet sent itself. */
  readonly id?: Uint8Array;
  readonly fee?: bigint;
}

const sum = (outputs: readonly { amount: bigint }[]): bigint =>
  outputs.reduce((total, { amount }) => total + amount, 0n);

/** Heights of spends, by the hexadecimal of the key image. */
export type Spends = ReadonlyMap<string, number>;

/** Reads the spends `[from, to)` of everybody and keeps those of this wallet: what is looked for stays here. */
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

/** What the next block could spend: unspent, old enough, and in no transfer that waits. */
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
 * Newest last. Change belongs to what was sent. What was spent by another copy of the wallet shows as sent too, its
 * change as received: how much was paid away is not on the ledger.
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

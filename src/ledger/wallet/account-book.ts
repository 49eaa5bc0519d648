import { toHex } from '#base';
import { MAX_SPENDS_ASKED, type WalletChain } from './chain.ts';
import type { Contents, Owned, Sent } from './contents.ts';

/** Sparks. `locked` waits for its maturity, or comes back as change of a transfer that is in no block yet. */
export interface Balance {
  readonly unlocked: bigint;
  readonly locked: bigint;
}

/** One line of the history; `change` is what the balance changed by, in sparks. */
export interface HistoryEntry {
  readonly kind: 'received' | 'minted' | 'sent' | 'expired';
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

/** Sent, in no block yet, and not too late for one. */
export const pending = ({ sent, height }: Contents): Sent[] =>
  sent.filter((entry) => entry.height === 0 && entry.expiry > height);

const sum = (outputs: readonly { amount: bigint }[]): bigint =>
  outputs.reduce((total, { amount }) => total + amount, 0n);

/** Heights of spends, by the hexadecimal of the key image. */
type Spends = ReadonlyMap<string, number>;

/** Reads the spends `[from, to)` of everybody and keeps those of this wallet: what is looked for stays here. */
export async function readSpends(
  contents: Contents,
  chain: WalletChain,
  from: number,
  to: number,
): Promise<Spends> {
  const mine = new Set(
    [...contents.owned.map(({ keyImage }) => keyImage), ...contents.sent.map(({ spends }) => spends[0]!)].map(
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

/** Marks what is spent, and in which block transfers of one's own are. */
export function withSpends(contents: Contents, spends: Spends): Contents {
  const heightOf = (image: Uint8Array) => spends.get(toHex(image)) ?? 0;
  const owned = contents.owned.map((output) =>
    output.spentAt > 0 ? output : { ...output, spentAt: heightOf(output.keyImage) },
  );
  const sent = contents.sent.map((entry) => {
    const height = entry.height || heightOf(entry.spends[0]!);
    return height === entry.height ? entry : { ...entry, height, bytes: new Uint8Array(0) };
  });
  return { ...contents, owned, sent };
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
export function historyOf({ owned, sent, height }: Contents): HistoryEntry[] {
  const changeKeys = new Set(sent.map(({ changeKey }) => toHex(changeKey)));
  const spentHere = new Set(sent.flatMap(({ spends }) => spends.map(toHex)));
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
    const expired = entry.height === 0 && entry.expiry <= height;
    const paid = sum(entry.payments) + entry.deposits + entry.fee;
    const { id, fee } = entry;
    return {
      kind: expired ? 'expired' : 'sent',
      height: entry.height,
      change: expired ? 0n : -paid,
      id,
      fee,
    };
  });
  const sentElsewhere = owned
    .filter(({ spentAt, keyImage }) => spentAt > 0 && !spentHere.has(toHex(keyImage)))
    .map((output): HistoryEntry => ({ kind: 'sent', height: output.spentAt, change: -output.amount }));
  const waits = ({ kind, height }: HistoryEntry) => height === 0 && (kind === 'sent' || kind === 'expired');
  const place = (entry: HistoryEntry) => (waits(entry) ? Number.MAX_SAFE_INTEGER : entry.height);
  return [...received, ...sentHere, ...sentElsewhere].sort((a, b) => place(a) - place(b));
}

import { equalBytes, toHex } from '#base';
import type { Curve } from '#crypto';
import type { OutputRecord } from '../state/buckets.ts';
import { spendContext } from '../state/minting.ts';
import type { Spends } from './account-book.ts';
import { type Contents, type Owned, type Sent, STATE } from './contents.ts';
import type { TransferPlan } from './plan.ts';

/** What became of a transfer of this wallet's. */
export type Transferred = 'sent' | 'pending' | 'refused' | 'superseded' | 'expired';

const isHere = ({ network }: Sent, contents: Contents): boolean => equalBytes(network, contents.network);

/** In no block of this network, and a block may yet come to hold it. */
const mayCome = (entry: Sent, contents: Contents): boolean =>
  entry.height === 0 &&
  entry.expiry > contents.height &&
  entry.state !== STATE.superseded &&
  entry.bytes.length > 0 &&
  isHere(entry, contents);

/** A try at an order: what it spends, and what it pays in all. */
export interface Try {
  readonly inputs: readonly Owned[];
  readonly amount: bigint;
}

/**
 * The last try at an order that a block may yet come to hold, with what it spends together with the tries before it. One that
 * was refused counts too: a node that refuses may still keep it.
 *
 * @param order its name, see `nameOfOrder`
 */
export function lastTry(order: Uint8Array, contents: Contents): Try | undefined {
  const last = contents.sent.findLast((entry) => mayCome(entry, contents) && equalBytes(entry.order, order));
  if (!last) return undefined;
  const images = new Set(last.spends.map(toHex));
  const inputs = contents.owned.filter(({ keyImage }) => images.has(toHex(keyImage)));
  return { inputs, amount: last.payments.reduce((sum, { amount }) => sum + amount, 0n) };
}

/** An earlier try at the order of a transfer that is known to wait with a node. */
export function sentTryBefore(id: Uint8Array, contents: Contents): Sent | undefined {
  const order = contents.sent.find((entry) => equalBytes(entry.id, id))?.order;
  return contents.sent.findLast(
    (entry) =>
      order !== undefined &&
      equalBytes(entry.order, order) &&
      !equalBytes(entry.id, id) &&
      entry.state === STATE.sent &&
      mayCome(entry, contents),
  );
}

/** Signed, in no block yet, not refused and not too late. Of several tries at one payment the last one. */
export function pending(contents: Contents): Sent[] {
  const claimed = new Set<string>();
  const last: Sent[] = [];
  for (const entry of contents.sent.toReversed()) {
    if (!mayCome(entry, contents) || entry.state === STATE.refused) continue;
    const spends = entry.spends.map(toHex);
    if (!spends.some((image) => claimed.has(image))) last.push(entry);
    for (const image of spends) claimed.add(image);
  }
  return last.reverse();
}

/** What became of a transfer, as it is shown. */
export function stateOf(entry: Sent, contents: Contents): Transferred {
  if (entry.height > 0) return 'sent';
  if (entry.state === STATE.superseded) return 'superseded';
  if (entry.expiry <= contents.height) return 'expired';
  if (entry.state === STATE.refused) return 'refused';
  if (!pending(contents).includes(entry)) return 'superseded';
  return entry.state === STATE.sent ? 'sent' : 'pending';
}

/** Transfers of this network, as they are shown. */
export const transfersOf = (contents: Contents): Sent[] =>
  contents.sent.filter((entry) => isHere(entry, contents));

/**
 * Marks what is spent. A transfer whose outputs no block holds, while one holds a spend of the same inputs, is superseded:
 * what proves its payments stays, should somebody ask.
 */
export function withSpends(contents: Contents, spends: Spends): Contents {
  const heightOf = (image: Uint8Array) => spends.get(toHex(image)) ?? 0;
  const owned = contents.owned.map((output) =>
    output.spentAt > 0 ? output : { ...output, spentAt: heightOf(output.keyImage) },
  );
  const gone = new Set(owned.filter(({ spentAt }) => spentAt > 0).map(({ keyImage }) => toHex(keyImage)));
  const isGone = (image: Uint8Array) => heightOf(image) > 0 || gone.has(toHex(image));
  const sent = contents.sent.map((entry) =>
    mayCome(entry, contents) && entry.spends.some(isGone)
      ? { ...entry, state: STATE.superseded, bytes: new Uint8Array(0) }
      : entry,
  );
  const rings = contents.rings.filter(({ keyImage }) => !gone.has(toHex(keyImage)));
  return { ...contents, owned, sent, rings };
}

/**
 * Notes which transfers are in blocks. Nobody else can make their change outputs: these are bound to the first input
 * that is spent.
 */
export function withLanded(contents: Contents, outputs: readonly OutputRecord[], curve: Curve): Contents {
  const open = transfersOf(contents).filter(({ height }) => height === 0);
  if (open.length === 0) return contents;
  const byKey = new Map(open.map((entry) => [toHex(entry.changeKey), entry]));
  const landed = new Map<Sent, number>();
  for (const { key, context, height } of outputs) {
    const entry = byKey.get(toHex(key));
    if (entry && equalBytes(context, spendContext(entry.spends[0]!, curve))) landed.set(entry, height);
  }
  const sent = contents.sent.map((entry) => {
    const height = landed.get(entry);
    return height === undefined ? entry : { ...entry, height, bytes: new Uint8Array(0) };
  });
  return { ...contents, sent };
}

/** Nothing found and nothing in a block, as before the first look at the chain. */
export function withoutFinds(contents: Contents): Contents {
  const sent = contents.sent.map((entry) => ({ ...entry, height: 0 }));
  return { ...contents, scanned: 0, spendsScanned: 0, height: 0, restoreHeight: 0, owned: [], sent };
}

/** A transfer in no block, with another state; what proves its payments stays. */
export function marked(contents: Contents, id: Uint8Array, state: Sent['state']): Contents {
  const sent = contents.sent.map((entry) =>
    entry.height === 0 && entry.state !== STATE.superseded && equalBytes(entry.id, id)
      ? { ...entry, state }
      : entry,
  );
  return { ...contents, sent };
}

/** Keeps the rings of a plan: from now on somebody may see them. */
export function withKeptRings(contents: Contents, { spends }: Pick<TransferPlan, 'spends'>): Contents {
  const kept = new Map(contents.rings.map((ring) => [toHex(ring.keyImage), ring]));
  for (const { output, ring } of spends)
    kept.set(toHex(output.keyImage), { keyImage: output.keyImage, members: ring });
  return { ...contents, rings: [...kept.values()] };
}

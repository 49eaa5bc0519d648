import { equalBytes, toHex } from '#base';
import type { Curve } from '#crypto';
import type { OutputRecord } from '../buckets.ts';
import { spendContext } from '../state/minting.ts';
import { type Contents, type Owned, type Sent, STATE } from './contents.ts';
import type { TransferPlan } from './plan.ts';

/**
 * State of a transfer as shown. `sent`: in a block or in a node's mempool. `pending`: signed, submitted again at every scan.
 * `refused`: broke a rule; a node may still include it until it expires. `superseded`: another transaction spent its inputs,
 * or a later attempt replaced it. `expired`: no block included it before its expiry height.
 */
export type Transferred = 'sent' | 'pending' | 'refused' | 'superseded' | 'expired';

/** Spend heights by key image in hexadecimal. */
export type Spends = ReadonlyMap<string, number>;

const isHere = ({ network }: Sent, contents: Contents): boolean => equalBytes(network, contents.network);

/** Whether it is in no block of this network, but a block may still include it. */
const mayCome = (entry: Sent, contents: Contents): boolean =>
  entry.height === 0 &&
  entry.expiry > contents.height &&
  entry.state !== STATE.superseded &&
  entry.bytes.length > 0 &&
  isHere(entry, contents);

/** An attempt at an order: the outputs it spends, and the total that it pays in sparks. */
export interface Try {
  readonly inputs: readonly Owned[];
  readonly amount: bigint;
}

/**
 * The last attempt at an order that a block may still include. A refused attempt counts too: the node that refused it may
 * still relay it.
 *
 * @param order name of the order, see `nameOfOrder`
 */
export function lastTry(order: Uint8Array, contents: Contents): Try | undefined {
  const last = contents.sent.findLast((entry) => mayCome(entry, contents) && equalBytes(entry.order, order));
  if (!last) return undefined;
  const images = new Set(last.spends.map(toHex));
  const inputs = contents.owned.filter(({ keyImage }) => images.has(toHex(keyImage)));
  return { inputs, amount: last.payments.reduce((sum, { amount }) => sum + amount, 0n) };
}

/** Another attempt at the same order that is in a node's mempool. */
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

/** Transfers that are signed, in no block, not refused and not expired; of several attempts at a payment only the last. */
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

/** State of a transfer, as it is shown. */
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
 * Marks outputs as spent. A transfer whose inputs were spent in a block without its outputs becomes superseded; the secrets
 * that prove its payments are kept.
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
 * Records which transfers are in blocks, recognised by their change output: nobody else can make it, because it is bound to
 * the first input.
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

/** The contents as before the first scan: no outputs, and no transfer in a block. */
export function withoutFinds(contents: Contents): Contents {
  const sent = contents.sent.map((entry) => ({ ...entry, height: 0 }));
  return { ...contents, scanned: 0, spendsScanned: 0, height: 0, restoreHeight: 0, owned: [], sent };
}

/** Sets the state of a transfer that is in no block; the secrets that prove its payments are kept. */
export function marked(contents: Contents, id: Uint8Array, state: Sent['state']): Contents {
  const sent = contents.sent.map((entry) =>
    entry.height === 0 && entry.state !== STATE.superseded && equalBytes(entry.id, id)
      ? { ...entry, state }
      : entry,
  );
  return { ...contents, sent };
}

/** Stores the rings of a plan, because from now on others may see them. */
export function withKeptRings(contents: Contents, { spends }: Pick<TransferPlan, 'spends'>): Contents {
  const kept = new Map(contents.rings.map((ring) => [toHex(ring.keyImage), ring]));
  for (const { output, ring } of spends)
    kept.set(toHex(output.keyImage), { keyImage: output.keyImage, members: ring });
  return { ...contents, rings: [...kept.values()] };
}

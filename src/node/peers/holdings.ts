import { equalBytes, toHex } from '#base';
import type { Holding } from './announcement.ts';

const manifestIds = new WeakMap<Uint8Array, string>();

/** The manifest's id, hexadecimal, made once for each announcement that changes. */
export function idOfHolding({ manifest }: Pick<Holding, 'manifest'>): string {
  const known = manifestIds.get(manifest);
  if (known !== undefined) return known;
  const id = toHex(manifest);
  manifestIds.set(manifest, id);
  return id;
}

export const sameHolding = (one: Holding | undefined, other: Holding): boolean =>
  one !== undefined &&
  one.bytesHave === other.bytesHave &&
  one.bytesTotal === other.bytesTotal &&
  one.blocks?.[0] === other.blocks?.[0] &&
  one.blocks?.[1] === other.blocks?.[1] &&
  equalBytes(one.manifest, other.manifest);

export const sameHoldings = (a: readonly Holding[], b: readonly Holding[]): boolean =>
  a === b || (a.length === b.length && a.every((one, i) => sameHolding(one, b[i]!)));

/** Whether the difference matters to more than a progress bar: models, blocks that run, files that are complete. */
export function isProgressOnly(before: readonly Holding[], after: readonly Holding[]): boolean {
  const keyOf = (holding: Holding) =>
    `${idOfHolding(holding)} ${holding.blocks?.join()} ${holding.bytesHave >= holding.bytesTotal}`;
  const known = new Set(before.map(keyOf));
  return before.length === after.length && after.every((holding) => known.has(keyOf(holding)));
}

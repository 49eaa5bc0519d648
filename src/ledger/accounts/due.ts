import { concat } from '#base';
import { type BytesCodec, orderedNumber, type ReadView, type WriteView } from '#store';
import { accountKind } from '../buckets.ts';
import { struct } from '../codec/index.ts';

/** Payments that the chain makes by itself at a height. Each kind has its own queue. */
const DUE_KINDS = ['withdrawal', 'escrow', 'earnings', 'commission'] as const;
export type DueKind = (typeof DUE_KINDS)[number];

type DueKey = readonly [kind: DueKind, height: number, key: Uint8Array];

const dueKey: BytesCodec<DueKey> = {
  encode: ([kind, height, key]) =>
    concat([Uint8Array.of(DUE_KINDS.indexOf(kind)), orderedNumber.encode(height), key]),
  decode: (bytes) => [DUE_KINDS[bytes[0]!]!, orderedNumber.decode(bytes.subarray(1)), bytes.slice(9)],
};

export const dues = accountKind(9, dueKey, struct({}), () => 0n);

/** Queues a payment for the block at `height`, or a later one while others are ahead of it. */
export function schedule(view: WriteView, kind: DueKind, height: number, key: Uint8Array): void {
  dues.bucket.put(view, [kind, height, key], {});
}

/** Removes and returns the first payments of a queue that are due at `height`, at most `most`. */
export function takeDue(view: WriteView, kind: DueKind, height: number, most: number): Uint8Array[] {
  const taken = firstDue(view, kind, height, most);
  for (const at of taken) dues.bucket.delete(view, at);
  return taken.map(([, , key]) => key);
}

function firstDue(view: ReadView, kind: DueKind, height: number, most: number): DueKey[] {
  const first: DueKey[] = [];
  const nothing = new Uint8Array(0);
  const ends = { from: [kind, 0, nothing] as const, to: [kind, height + 1, nothing] as const };
  for (const [at] of dues.bucket.entries(view, ends)) if (first.push(at) === most) break;
  return first;
}

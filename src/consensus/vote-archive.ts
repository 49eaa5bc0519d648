/**
 * The first votes of past heights, in the store of the chain: what a second vote that is shown late is compared with. One entry
 * a step, so that a lookup reads the votes of that step only.
 */
import { concat } from '#base';
import { stored } from '#ledger';
import { Bucket, type BytesCodec, orderedNumber, type ReadView, rawBytes, type WriteView } from '#store';
import { type Vote, type VoteGroup, voteGroupsCodec } from './blocks/index.ts';

/** The votes of one step of a height. */
export interface StepVotes {
  readonly round: number;
  readonly kind: Vote['kind'];
  readonly groups: readonly VoteGroup[];
}

type Step = Pick<Vote, 'height' | 'round' | 'kind'>;

/** Height 8, round 4, kind 1, big-endian. */
const stepKey: BytesCodec<Step> = {
  encode: ({ height, round, kind }) =>
    concat([orderedNumber.encode(height), orderedNumber.encode(round).subarray(4), Uint8Array.of(kind)]),
  decode: (bytes) => ({
    height: orderedNumber.decode(bytes.subarray(0, 8)),
    round: orderedNumber.decode(bytes.subarray(8, 12)),
    kind: bytes[12] as Vote['kind'],
  }),
};

const TAG = 8;
const steps = new Bucket(TAG, stepKey, stored(voteGroupsCodec));
/** The same, for deleting without decoding. */
const entries = new Bucket(TAG, stepKey, rawBytes);

const startOf = (height: number): Step => ({ height, round: 0, kind: 0 as never });

/** Heights pruned at once: more than the one that each block adds, so that pruning catches up. */
const PRUNED_AT_ONCE = 2;

export function archiveVotes(draft: WriteView, height: number, votes: readonly StepVotes[]): void {
  for (const { round, kind, groups } of votes) steps.put(draft, { height, round, kind }, groups);
}

/** The first votes of a step; none if they were not archived or are no longer. */
export const archivedVotes = (view: ReadView, { height, round, kind }: Step): readonly VoteGroup[] =>
  steps.get(view, { height, round, kind }) ?? [];

/** Deletes the votes of the `most` oldest heights that are below a height. */
export function pruneVotes(draft: WriteView, below: number, most = PRUNED_AT_ONCE): void {
  if (below <= 0) return;
  const heights = new Set<number>();
  const old: Step[] = [];
  for (const [step] of entries.entries(draft, { from: startOf(0), to: startOf(below) })) {
    heights.add(step.height);
    if (heights.size > most) break;
    old.push(step);
  }
  for (const step of old) entries.delete(draft, step);
}

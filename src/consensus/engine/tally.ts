import { equalBytes, toHex } from '#base';
import { isNil, type ValidatorSet, type Vote } from '../blocks/index.ts';

/**
 * The votes of one kind in one round. Each validator counts once, with its first vote, unless a certificate
 * contains another.
 */
export interface Tally {
  /** By place. */
  readonly first: readonly (Vote | undefined)[];
  /** Second votes of the same validators: one each as evidence, and those from certificates. */
  readonly others: readonly Vote[];
  /** Power by hexadecimal block id; `NIL_KEY` for nil. */
  readonly powers: ReadonlyMap<string, number>;
}

/** NIL in hexadecimal. */
export const NIL_KEY = '0'.repeat(64);

export const keyOf = (block: Uint8Array): string => (isNil(block) ? NIL_KEY : toHex(block));

export const emptyTally = (size: number): Tally => ({
  first: new Array(size).fill(undefined),
  others: [],
  powers: new Map(),
});

export interface Added {
  readonly tally: Tally;
  /** The earlier vote that this one conflicts with. */
  readonly against: Vote | undefined;
}

const says = (vote: Vote, other: Vote): boolean =>
  vote.validator === other.validator && equalBytes(vote.block, other.block);

/** Adds a vote. A second, different vote does not count; the first such vote of each validator is kept. */
export function addVote(tally: Tally, vote: Vote, power: number): Added {
  const known = tally.first[vote.validator];
  if (known === undefined) {
    const first = tally.first.slice();
    first[vote.validator] = vote;
    return {
      tally: { ...tally, first, powers: raised(tally.powers, keyOf(vote.block), power) },
      against: undefined,
    };
  }
  if (equalBytes(known.block, vote.block)) return { tally, against: undefined };
  const caught = tally.others.some(({ validator }) => validator === vote.validator);
  if (caught) return { tally, against: undefined };
  return { tally: { ...tally, others: [...tally.others, vote] }, against: known };
}

function raised(
  powers: ReadonlyMap<string, number>,
  key: string,
  power: number,
): ReadonlyMap<string, number> {
  return new Map(powers).set(key, (powers.get(key) ?? 0) + power);
}

/**
 * Adds the votes of a certificate, which all count: a quorum has seen them, whatever else their authors sent us.
 * From then on an equivocator counts for each of its blocks.
 */
export function addCertificate(
  tally: Tally,
  votes: readonly Vote[],
  validators: ValidatorSet,
): { tally: Tally; doubles: (readonly [Vote, Vote])[] } {
  const first = tally.first.slice();
  const others = [...tally.others];
  const doubles: (readonly [Vote, Vote])[] = [];
  for (const vote of votes) {
    const known = first[vote.validator];
    if (known === undefined) first[vote.validator] = vote;
    else if (!says(known, vote)) {
      if (!others.some((other) => says(other, vote))) others.push(vote);
      doubles.push([known, vote]);
    }
  }
  const powers = new Map<string, number>();
  for (const vote of [...first, ...others]) {
    if (!vote) continue;
    const key = keyOf(vote.block);
    powers.set(key, (powers.get(key) ?? 0) + validators.at(vote.validator)!.power);
  }
  return { tally: { first, others, powers }, doubles };
}

export const powerBehind = (tally: Tally, key: string): number => tally.powers.get(key) ?? 0;

export function powerOfAll(tally: Tally): number {
  let sum = 0;
  for (const power of tally.powers.values()) sum += power;
  return sum;
}

/** All votes for a block, ordered by place. */
export function votesFor(tally: Tally, block: Uint8Array): Vote[] {
  const counted = [...tally.first, ...tally.others].filter(
    (vote): vote is Vote => vote !== undefined && equalBytes(vote.block, block),
  );
  return counted.sort((a, b) => a.validator - b.validator);
}

import { domainHash, utf8 } from '#base';
import { SigningKey } from '#crypto';
import { type PowerChange, ValidatorSet } from '../../../src/consensus/blocks/validators.ts';
import { signBallot, type Vote } from '../../../src/consensus/blocks/vote.ts';

export const CHAIN_ID = new Uint8Array(32).fill(0x42);

/** A hash to stand for something: the same word, the same hash. */
export const named = (word: string): Uint8Array => domainHash('test', utf8(word));

export interface Committee {
  readonly validators: ValidatorSet;
  /** In the order of the places. */
  readonly keys: readonly SigningKey[];
}

/** Validators with real keys, the same ones each time. */
export function committee(powers: readonly number[]): Committee {
  const keys = powers.map((_, i) => new SigningKey(named(`validator ${i}`)));
  const changes: PowerChange[] = keys.map((key, i) => ({ key: key.publicKey, power: powers[i]! }));
  const validators = ValidatorSet.of(changes);
  return {
    validators,
    keys: keys.sort((a, b) => validators.placeOf(a.publicKey) - validators.placeOf(b.publicKey)),
  };
}

/** A signed vote of the validator at a place. */
export const voteBy = (
  { keys }: Committee,
  place: number,
  kind: 1 | 2,
  block: Uint8Array,
  { height = 1, round = 0 } = {},
): Vote => signBallot(CHAIN_ID, { height, round, kind, block }, place, keys[place]!);

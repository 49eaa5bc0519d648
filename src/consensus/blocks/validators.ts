import { domainHash, toHex } from '#base';
import { type Codec, type Decoded, encode, fixed, integer, KEY_BYTES, list, struct } from '#ledger';
import { HASH_BYTES, MAX_TOTAL_POWER, MAX_VALIDATORS } from '../constants.ts';
import { ensure } from '../errors.ts';
import { newcomerPriority, settle, type Turn, takeTurn, type Validator } from './rotation.ts';

export interface PowerChange {
  readonly key: Uint8Array;
  /** The new power; 0 removes the validator. */
  readonly power: number;
}

/**
 * The validators of one height, ordered by key, with their proposer priorities. Immutable. The hash covers the
 * priorities too, so a trusted header determines who may propose. Members change seldom and priorities at every
 * height, so members have a hash of their own: they are stored and sent once.
 */
export class ValidatorSet {
  readonly validators: readonly Validator[];
  readonly totalPower: number;
  readonly #places: ReadonlyMap<string, number>;
  /** Memo of the turns of rounds 0, 1, …, computed on demand. */
  readonly #turns: Turn[] = [];
  #hash: Uint8Array | undefined;
  #membersHash: Uint8Array | undefined;

  /** Throws VALIDATORS_INVALID when the validators are not ordered by key, not distinct or without power. */
  constructor(validators: readonly Validator[]) {
    requireSound(validators);
    this.validators = validators;
    this.totalPower = validators.reduce((sum, { power }) => sum + power, 0);
    this.#places = new Map(validators.map(({ key }, place) => [toHex(key), place]));
  }

  /** A first set: all priorities start equal. The powers may be in any order. */
  static of(powers: readonly PowerChange[]): ValidatorSet {
    const validators = powers.map(({ key, power }) => ({ key, power, priority: 0 }));
    return new ValidatorSet(validators.sort((a, b) => Buffer.compare(a.key, b.key)));
  }

  /**
   * The members with the priorities of one height, in the same order. Throws VALIDATORS_INVALID when this is not a
   * valid set.
   */
  static join(members: readonly Member[], priorities: readonly number[]): ValidatorSet {
    ensure(
      members.length === priorities.length,
      'VALIDATORS_INVALID',
      'there is not one priority per validator of the set',
    );
    return new ValidatorSet(members.map((member, i) => ({ ...member, priority: priorities[i]! })));
  }

  get size(): number {
    return this.validators.length;
  }

  /** The validator at a place; undefined when out of range. */
  at(place: number): Validator | undefined {
    return this.validators[place];
  }

  /** The place of a key; −1 when it is not a validator's. */
  placeOf(key: Uint8Array): number {
    return this.#places.get(toHex(key)) ?? -1;
  }

  /** The proposer of a round. Takes time linear in the round at first: ask only for rounds near the current one. */
  proposer(round: number): Validator {
    return this.validators[this.#turn(round).proposer]!;
  }

  /** Strictly more than two thirds: any two quorums share an honest validator. */
  isQuorum(power: number): boolean {
    return 3 * power > 2 * this.totalPower;
  }

  /** Strictly more than one third: at least one of them is honest. */
  hasHonest(power: number): boolean {
    return 3 * power > this.totalPower;
  }

  /** domainHash('validators', the members' hash, the priorities). */
  get hash(): Uint8Array {
    this.#hash ??= domainHash('validators', this.membersHash, encode(prioritiesCodec, this.priorities));
    return this.#hash;
  }

  get membersHash(): Uint8Array {
    this.#membersHash ??= hashOfMembers(this.validators);
    return this.#membersHash;
  }

  get priorities(): number[] {
    return this.validators.map(({ priority }) => priority);
  }

  /**
   * The set of the next height, with these powers changed. Throws VALIDATORS_INVALID when the result is not a valid
   * set.
   */
  next(changes: readonly PowerChange[] = []): ValidatorSet {
    const turned = this.#turn(0).validators;
    return changes.length === 0 ? new ValidatorSet(turned) : changed(turned, changes);
  }

  #turn(round: number): Turn {
    for (let known = this.#turns.length; known <= round; known++) {
      const before = this.#turns[known - 1]?.validators ?? this.validators;
      this.#turns.push(takeTurn(before, this.totalPower));
    }
    return this.#turns[round]!;
  }
}

function changed(validators: readonly Validator[], changes: readonly PowerChange[]): ValidatorSet {
  const powers = new Map(changes.map(({ key, power }) => [toHex(key), power]));
  ensure(powers.size === changes.length, 'VALIDATORS_INVALID', 'a validator is changed twice');
  const known = new Set(validators.map(({ key }) => toHex(key)));
  const newcomers = changes.filter(({ key }) => !known.has(toHex(key)));
  const kept = validators.map((one) => ({ ...one, power: powers.get(toHex(one.key)) ?? one.power }));
  for (const { key, power } of newcomers) {
    ensure(power > 0, 'VALIDATORS_INVALID', 'the removed key is not a validator', { key: toHex(key) });
  }
  // CometBFT: the priorities of new validators follow from the total power including those that leave.
  const departing = validators.filter((one) => powers.get(toHex(one.key)) === 0);
  const totalOf = (some: readonly { readonly power: number }[]) =>
    some.reduce((sum, { power }) => sum + power, 0);
  const start = newcomerPriority(totalOf(kept) + totalOf(newcomers) + totalOf(departing));
  const all = [
    ...kept.filter(({ power }) => power > 0),
    ...newcomers.map(({ key, power }) => ({ key, power, priority: start })),
  ].sort((a, b) => Buffer.compare(a.key, b.key));
  requireSound(all);
  return new ValidatorSet(settle(all, totalOf(all)));
}

function requireSound(validators: readonly Validator[]): void {
  const { length } = validators;
  ensure(
    length >= 1 && length <= MAX_VALIDATORS,
    'VALIDATORS_INVALID',
    `a set has 1 to ${MAX_VALIDATORS} validators`,
    {
      length,
    },
  );
  let total = 0;
  validators.forEach(({ key, power, priority }, i) => {
    const before = validators[i - 1];
    ensure(
      key.length === KEY_BYTES && (!before || Buffer.compare(before.key, key) < 0),
      'VALIDATORS_INVALID',
      'the keys are not in ascending order',
    );
    ensure(
      Number.isSafeInteger(power) && power > 0,
      'VALIDATORS_INVALID',
      'a power is not a positive integer',
      {
        power,
      },
    );
    ensure(Math.abs(priority) <= PRIORITY_BOUND, 'VALIDATORS_INVALID', 'a priority is out of bounds', {
      priority,
    });
    total += power;
  });
  ensure(total <= MAX_TOTAL_POWER, 'VALIDATORS_INVALID', 'the total power is too large', { total });
}

const PRIORITY_BOUND = 8 * MAX_TOTAL_POWER;

/** Signed integers in zigzag order: 0, −1, 1, −2, … as 0, 1, 2, 3, … */
const zigzag: Codec<number> = (() => {
  const folded = integer(0, 2 * PRIORITY_BOUND);
  return {
    write: (out, value) => folded.write(out, value >= 0 ? 2 * value : -2 * value - 1),
    read(input) {
      const value = folded.read(input);
      return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    },
  };
})();

/** The members of a set, without priorities. */
export const membersCodec = list(
  struct({ key: fixed(KEY_BYTES), power: integer(1, MAX_TOTAL_POWER) }),
  MAX_VALIDATORS,
  1,
);

export type Member = Decoded<typeof membersCodec>[number];

/** domainHash('members', encoded list). */
export const hashOfMembers = (members: readonly Member[]): Uint8Array =>
  domainHash('members', encode(membersCodec, members));

const prioritiesCodec = list(zigzag, MAX_VALIDATORS, 1);

/** A whole set: members, then priorities. Throws VALIDATORS_INVALID when it is not a valid set. */
export const validatorSetCodec: Codec<ValidatorSet> = {
  write(out, { validators, priorities }) {
    membersCodec.write(out, validators);
    prioritiesCodec.write(out, priorities);
  },
  read: (input) => ValidatorSet.join(membersCodec.read(input), prioritiesCodec.read(input)),
};

/** A set for receivers that know its members or ask for them by hash. */
export const setReferenceCodec = struct({ members: fixed(HASH_BYTES), priorities: prioritiesCodec });

export type SetReference = Decoded<typeof setReferenceCodec>;

export const referenceTo = ({ membersHash, priorities }: ValidatorSet): SetReference => ({
  members: membersHash,
  priorities,
});

/** Longest encoded set, in bytes. */
export const MAX_VALIDATOR_SET_BYTES = 4 + MAX_VALIDATORS * (KEY_BYTES + 7 + 8);

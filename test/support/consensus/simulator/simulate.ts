import assert from 'node:assert/strict';
import { verifyAll } from '#consensus';
import type { ValidatorSet } from '../../../../src/consensus/blocks/validators.ts';
import { signBallot, signedVote } from '../../../../src/consensus/blocks/vote.ts';
import { CHAIN_ID, committee } from '../validators.ts';
import { Hostile } from './hostile.ts';
import { Node } from './node.ts';
import { Random } from './random.ts';
import { type Signatures, World, type WorldOptions } from './world.ts';

export const TIMEOUTS = {
  propose: 1000,
  proposeStep: 500,
  prevote: 300,
  prevoteStep: 200,
  precommit: 300,
  precommitStep: 200,
  commit: 100,
};

/** A calm world: what a test does not say. */
export const CALM = {
  timeouts: TIMEOUTS,
  synchrony: { precision: 500, messageDelay: 2000 },
  skew: 100,
  delay: [1, 60],
  gossip: 200,
  blockMaking: 5,
  stabilisation: 0,
  loss: 0,
  duplication: 0,
  crash: 0,
  partitions: false,
} as const satisfies Partial<WorldOptions>;

const committees = new Map<string, ReturnType<typeof committee>>();

/** Making keys is dear: the same powers, the same committee. */
export function cachedCommittee(powers: readonly number[]): ReturnType<typeof committee> {
  const name = powers.join();
  const known = committees.get(name) ?? committee(powers);
  committees.set(name, known);
  return known;
}

const POWERS = [
  [1, 1, 1, 1],
  [3, 2, 2, 1],
  [1, 1, 1, 1, 1],
  [5, 1, 1, 1, 1, 1],
  [1, 1, 1, 1, 1, 1, 1],
  [9, 8, 7, 6, 5, 4, 3, 2, 1, 1],
];

/** A world of honest nodes where nothing goes wrong. */
export function calmWorld(
  powers: readonly number[],
  options: Partial<WorldOptions> & { seed: number },
): World {
  const world = new World({ ...CALM, ...options, validators: cachedCommittee(powers).validators });
  for (const place of powers.keys()) world.nodes.push(new Node(world, place, place));
  world.start();
  return world;
}

/** Ed25519, of four validators. */
export function realSignatures(): Signatures {
  const { keys } = cachedCommittee([1, 1, 1, 1]);
  return {
    sign: (ballot, place) => signBallot(CHAIN_ID, ballot, place, keys[place]!),
    isGood: (vote, validators) => verifyAll([signedVote(CHAIN_ID, vote, validators)!]),
  };
}

/** Places of less than a third of the power. */
function minorityOf(powers: readonly number[], random: Random): number[] {
  const total = powers.reduce((sum, power) => sum + power, 0);
  const places: number[] = [];
  let power = 0;
  for (const place of powers.keys()) {
    const chosen = random.between(0, powers.length - 1);
    if (places.includes(chosen) || 3 * (power + powers[chosen]!) >= total) continue;
    power += powers[chosen]!;
    places.push(chosen);
    if (place > 2) break;
  }
  return places;
}

/** Who is not to be trusted: nobody, hostile ones, or twins: a key that two honest nodes have. */
export type Cast = 'honest' | 'hostile' | 'twins';

/** A world whose first seconds are as bad as the seed wants, with less than a third of the power against it. */
export function stormyWorld(seed: number, cast: Cast, signatures?: Signatures): World {
  const random = new Random(seed + 7_777_777);
  const powers = signatures ? [1, 1, 1, 1] : random.pick(POWERS);
  const { validators } = cachedCommittee(powers);
  const world = new World({
    ...CALM,
    ...(signatures && { signatures }),
    seed,
    validators,
    stabilisation: random.between(1000, 5000),
    loss: random.pick([0, 0.05, 0.2, 0.5]),
    duplication: random.pick([0, 0.1, 0.3]),
    crash: random.pick([0, 0.01, 0.03]),
    partitions: random.chance(0.5),
  });
  const bad = cast === 'honest' ? [] : minorityOf(powersByPlace(validators), random);
  for (const place of powers.keys()) {
    if (cast !== 'hostile' || !bad.includes(place))
      world.nodes.push(new Node(world, world.nodes.length, place));
    if (bad.includes(place)) {
      const id = world.nodes.length;
      world.nodes.push(cast === 'hostile' ? new Hostile(world, id, place) : new Node(world, id, place));
    }
  }
  world.start();
  return world;
}

const powersByPlace = ({ validators }: ValidatorSet): number[] => validators.map(({ power }) => power);

/** What must hold of a stormy world, whatever its seed. */
export function endureStorm(world: World): void {
  world.runUntil(() => world.isStable, Number.POSITIVE_INFINITY);
  const target = Math.max(...world.honest.map(({ height }) => height)) + 2;
  const settled = world.runUntil(() => world.honest.every(({ height }) => height >= target), LIMIT);
  const where = world.honest.map(({ height, state }) => `${height}/${state.driver.round.round}`).join(' ');
  assert.deepEqual(world.forks, [], `seed ${world.options.seed} forks`);
  assert.ok(settled, `seed ${world.options.seed} does not get to ${target}: ${where}`);
}

/** Of virtual time after which a stable network has to have decided, ms. */
const LIMIT = 120_000;

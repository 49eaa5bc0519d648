import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyAll } from '#consensus';
import { isProven, isWellFormed } from '#ledger';
import { type Certificate, certificateOf } from '../../../src/consensus/blocks/certificate.ts';
import { type Commit, commitFrom } from '../../../src/consensus/blocks/commit.ts';
import type { ValidatorSet } from '../../../src/consensus/blocks/validators.ts';
import type { Vote } from '../../../src/consensus/blocks/vote.ts';
import { keyOf } from '../../../src/consensus/engine/tally.ts';
import { type Blame, blame } from '../../../src/consensus/evidence/blame.ts';
import { Puppeteer } from '../../support/consensus/puppeteer.ts';
import { Node } from '../../support/consensus/simulator/node.ts';
import { CALM, cachedCommittee } from '../../support/consensus/simulator/simulate.ts';
import { World } from '../../support/consensus/simulator/world.ts';
import { CHAIN_ID, named, voteBy } from '../../support/consensus/validators.ts';

const NO_SIGNATURE = new Uint8Array(64);

type Pair<T> = readonly [T, T];

const differ = (commits: readonly Certificate[]): Pair<Certificate> | undefined => {
  const [first] = commits;
  const other = commits.find(({ block }) => keyOf(block) !== keyOf(first!.block));
  return first && other ? [first, other] : undefined;
};

/** At least a third of the power, and only bad ones. */
function requireJust(found: Blame, validators: ValidatorSet, bad: readonly number[]): void {
  assert.ok(validators.hasHonest(found.power), `only ${found.power} of ${validators.totalPower} are blamed`);
  for (const key of found.guilty) assert.ok(bad.includes(validators.placeOf(key)), 'an honest one is blamed');
}

const blameFor = (
  validators: ValidatorSet,
  [one, other]: Pair<Certificate>,
  votes: readonly Vote[],
): Blame => {
  const commits = [commitFrom(one, CHAIN_ID, validators), commitFrom(other, CHAIN_ID, validators)] as const;
  return blame({ chainId: CHAIN_ID, validators, commits, votes }, () => true);
};

interface Show {
  readonly powers: readonly number[];
  readonly bad: readonly number[];
  readonly doubles: boolean;
  readonly seeds: number;
}

const play = (
  { powers, bad, doubles, seeds }: Show,
  each?: (fork: Pair<Certificate>, logs: Vote[]) => void,
) => {
  const { validators } = cachedCommittee(powers);
  let forks = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const show = new Puppeteer({ validators, bad, doubles, seed, steps: 150 });
    show.play();
    const fork = differ(show.commits);
    if (!fork) continue;
    forks++;
    each?.(fork, show.logs);
  }
  return forks;
};

test('an adversary with less than a third of the power, and all of the network, forks nothing', () => {
  for (const [powers, bad] of [
    [[1, 1, 1, 1], [0]],
    [[1, 1, 1, 1], [2]],
    [
      [1, 1, 1, 1, 1, 1, 1],
      [1, 4],
    ],
  ] as const) {
    for (const doubles of [true, false]) {
      const forks = play({ powers, bad, doubles, seeds: 400 });
      assert.equal(forks, 0, `${bad} of ${powers.length}`);
    }
  }
});

test('with more it forks, and blame names more than a third and no honest one', () => {
  let [byDoubles, byAmnesia] = [0, 0];
  for (const bad of [
    [2, 3],
    [0, 2],
    [1, 3],
  ]) {
    for (const doubles of [true, false]) {
      const powers = [1, 1, 1, 1];
      const { validators } = cachedCommittee(powers);
      play({ powers, bad, doubles, seeds: 700 }, (fork, logs) => {
        const found = blameFor(validators, fork, logs);
        requireJust(found, validators, bad);
        if (found.amnesiacs.length > 0) byAmnesia++;
        else byDoubles++;
      });
    }
  }
  assert.ok(byDoubles > 20 && byAmnesia > 5, `${byDoubles} by double votes, ${byAmnesia} by amnesia`);
});

test('twins of half the validators fork a parted network at once, and are blamed out of the logs', () => {
  for (let seed = 0; seed < 20; seed++) {
    const { validators } = cachedCommittee([1, 1, 1, 1]);
    const world = new World({ ...CALM, seed, validators, logs: true });
    const places = [0, 1, 2, 3, 2, 3];
    places.forEach((place, id) => {
      world.nodes.push(new Node(world, id, place));
    });
    world.separate([1, 2, 1, 1, 2, 2]);
    world.start();
    assert.ok(
      world.runUntil(() => world.forks.length > 0, 60_000),
      `seed ${seed} does not fork`,
    );
    const { commits } = world.forks[0]!;
    const found = blameFor(validators, commits, world.logs);
    requireJust(found, validators, [2, 3]);
    assert.equal(found.amnesiacs.length, 0);
  }
});

test('forged votes and those of other heights neither hide the guilty nor add to them', () => {
  const four = cachedCommittee([1, 1, 1, 1]);
  const [a, b] = [named('a'), named('b')];
  const commitOf = (places: readonly number[], block: Uint8Array): Commit =>
    commitFrom(
      certificateOf(places.map((place) => voteBy(four, place, 2, block))),
      CHAIN_ID,
      four.validators,
    );
  const forged = [voteBy(four, 2, 2, a), voteBy(four, 0, 2, b)].map((vote) => ({
    ...vote,
    signature: NO_SIGNATURE,
  }));
  const foreign = voteBy(four, 1, 2, a, { height: 2 });
  const commits = [commitOf([0, 2, 3], a), commitOf([1, 2, 3], b)] as const;
  const { validators } = four;
  const found = blame({ chainId: CHAIN_ID, validators, commits, votes: [...forged, foreign] }, verifyAll);
  assert.deepEqual(
    found.guilty.map((key) => validators.placeOf(key)),
    [2, 3],
  );
  for (const evidence of found.doubleVotes) assert.ok(isWellFormed(evidence) && isProven(evidence, CHAIN_ID));
});

test('prevotes of less than two thirds for another block excuse nobody who forgot a lock', () => {
  const four = cachedCommittee([1, 1, 1, 1]);
  const { validators } = four;
  const [a, b] = [named('a'), named('b')];
  const by = (places: readonly number[], kind: 1 | 2, block: Uint8Array, round: number): Vote[] =>
    places.map((place) => voteBy(four, place, kind, block, { round }));
  const commitBy = (votes: readonly Vote[]) => commitFrom(certificateOf(votes), CHAIN_ID, validators);
  const commits = [commitBy(by([0, 1, 2], 2, a, 0)), commitBy(by([1, 2, 3], 2, b, 2))] as const;
  const guiltyBy = (votes: readonly Vote[]) =>
    blame({ chainId: CHAIN_ID, validators, commits, votes }, verifyAll).guilty.map((key) =>
      validators.placeOf(key),
    );
  // Two of four, one of them locked: no polka, so it allowed nothing in round 2.
  const few = by([2, 3], 1, b, 1);
  assert.deepEqual(guiltyBy(few), [1, 2]);
  assert.deepEqual(guiltyBy([...few, ...by([1, 2, 3], 1, b, 2)]), [1, 2]);
  // Three of four are one: who prevoted in it has forgotten its lock, and who followed it later has not.
  assert.deepEqual(guiltyBy(by([0, 2, 3], 1, b, 1)), [0, 2]);
});

test('commits that agree are no fork', () => {
  const { validators } = cachedCommittee([1, 1, 1, 1]);
  const votes = [0, 1, 2].map((place) => voteBy(cachedCommittee([1, 1, 1, 1]), place, 2, named('a')));
  const commit = certificateOf(votes);
  assert.throws(() => blameFor(validators, [commit, commit], []), { code: 'COMMIT_INVALID' });
});

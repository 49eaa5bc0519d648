import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ValidatorSet } from '../../../src/consensus/blocks/validators.ts';

interface Named {
  readonly validator: number;
  readonly power: number;
}
interface Height {
  /** Take effect at this height. */
  readonly changes: readonly Named[];
  /** Proposers of the rounds 0 to 3. */
  readonly rounds: readonly number[];
  /** After the turn of round 0. */
  readonly priorities: readonly (readonly [validator: number, priority: number])[];
}

const keyOf = (name: number) => {
  const key = new Uint8Array(32);
  key[0] = name;
  return key;
};
const changeOf = ({ validator, power }: Named) => ({ key: keyOf(validator), power });

test('turns and priorities are those of CometBFT 0.38.19, over rounds, heights, and changes of the set', () => {
  const path = join(import.meta.dirname, 'rotation.json');
  const chains = JSON.parse(readFileSync(path, 'utf8')) as {
    powers: readonly Named[];
    heights: readonly Height[];
  }[];
  let changes = 0;
  for (const { powers, heights } of chains) {
    let set = ValidatorSet.of(powers.map(changeOf));
    heights.forEach((height, i) => {
      if (i > 0) set = set.next(height.changes.map(changeOf));
      changes += height.changes.length;
      const turns = height.rounds.map((_, round) => set.proposer(round).key[0]);
      assert.deepEqual(turns, height.rounds, `height ${i}`);
      // What CometBFT keeps is the set after the turn of round 0.
      const after = set.next().validators.map(({ key, priority }) => [key[0], priority] as const);
      assert.deepEqual(
        after,
        height.priorities.toSorted(([a], [b]) => a - b),
        `height ${i}`,
      );
    });
  }
  assert.ok(changes > 40);
});

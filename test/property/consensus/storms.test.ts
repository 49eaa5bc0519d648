import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Cast,
  endureStorm,
  realSignatures,
  stormyWorld,
} from '../../support/consensus/simulator/simulate.ts';

/**
 * Loss, doublets, reordering, partitions, crashes at the worst moments; with `hostile` or `twins`, less than a third of
 * the power against it. No two honest nodes ever decide differently, what is decided was proposed, and once the network
 * is stable everybody decides. More seeds in test/swarm/consensus.
 */
const SEEDS: Record<Cast, number> = { honest: 500, twins: 150, hostile: 100 };

for (const [cast, seeds] of Object.entries(SEEDS) as [Cast, number][]) {
  test(`${seeds} storms, ${cast}`, () => {
    let accused = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const world = stormyWorld(seed, cast);
      endureStorm(world);
      accused += world.accused.size;
    }
    // Honest nodes are never caught at a double vote, through all crashes; the others are.
    if (cast === 'honest') assert.equal(accused, 0);
    else assert.ok(accused > seeds / 3, `${accused} accused`);
  });
}

test('a few storms with real signatures', () => {
  for (let seed = 0; seed < 5; seed++) endureStorm(stormyWorld(seed, 'hostile', realSignatures()));
});

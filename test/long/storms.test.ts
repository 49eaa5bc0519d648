import { test } from 'node:test';
import { type Cast, endureStorm, stormyWorld } from '../support/consensus/simulator/simulate.ts';

/** As test/property/consensus/storms.test.ts, other seeds and more of them. */
const SEEDS: Record<Cast, number> = { honest: 4000, twins: 600, hostile: 400 };

for (const [cast, seeds] of Object.entries(SEEDS) as [Cast, number][]) {
  test(`${seeds} storms, ${cast}`, () => {
    for (let seed = 10_000; seed < 10_000 + seeds; seed++) endureStorm(stormyWorld(seed, cast));
  });
}

/**
 * The directory of src/node/peers in virtual time, over a modelled network with churn: `npm run bench:discovery`, or
 * `node bench/discovery.ts NODES…`. Prints a table for docs/benchmarks.md.
 */
import { Simulation } from './discovery/simulation.ts';

const JOIN_MS = 60_000;
const WARM_UP_MS = 600_000;
const MEASURED = { quietMs: 600_000, searches: 200 };
const SEED = 1;

const given = process.argv.slice(2).map(Number);
const sizes = given.length > 0 ? given : [10, 100, 1_000, 10_000];
const one = (value: number): string => value.toFixed(1);

console.log(
  '| nodes | B/s sent by a node | of these, hash table | known to a node | found | rounds, mean / 95 % |',
);
console.log('|--:|--:|--:|--:|--:|--:|');
for (const nodes of sizes) {
  const simulation = new Simulation({ nodes, seed: SEED });
  await simulation.fill(JOIN_MS);
  await simulation.time.pass(WARM_UP_MS);
  const result = await simulation.measure(MEASURED);
  const cells = [
    result.nodes.toLocaleString('en'),
    Math.round(result.bytesPerSecond),
    Math.round(result.tableBytesPerSecond),
    Math.round(result.view),
    `${result.found} of ${result.searches}`,
    `${one(result.rounds.mean)} / ${one(result.rounds.p95)}`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
process.exit(0);

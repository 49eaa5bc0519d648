/**
 * Feeds every parser a million hostile inputs: `npm run fuzz:formats [-- COUNT [SEED [NAME...]]]`, and a thousandth as many
 * files of many small things. No crash, no input that takes a second of the processor's time, and no more than 64 MB of
 * memory beyond what the empty run needs.
 */
import { setTimeout } from 'node:timers/promises';
import { fuzz, MANY_TARGETS, SCANNER, TARGETS, type Target } from '../test/support/fuzz/index.ts';

const [count = '1000000', seed = String(Math.floor(Math.random() * 2 ** 31)), ...names] =
  process.argv.slice(2);
const MAX_MS = 1000;
const MAX_BYTES = 64 * 2 ** 20;

async function heldBytes(): Promise<number> {
  globalThis.gc?.();
  // What zlib holds is given back between turns of the event loop.
  await setTimeout(10);
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

process.stdout.write(`SEED=${seed}\n`);
let failed = false;
const large = new Set<Target>(MANY_TARGETS);
for (const target of [...TARGETS, ...MANY_TARGETS, SCANNER]) {
  if (names.length > 0 && !names.includes(target.name)) continue;
  const inputs = large.has(target) ? Math.ceil(Number(count) / 1000) : Number(count);
  await fuzz(target, Math.min(inputs, 100), Number(seed));
  const before = await heldBytes();
  const started = performance.now();
  const { refused, slowestMs } = await fuzz(target, inputs, Number(seed));
  const seconds = (performance.now() - started) / 1000;
  const grown = (await heldBytes()) - before;
  const bad = slowestMs > MAX_MS || grown > MAX_BYTES;
  failed ||= bad;
  const memory = `${(grown / 2 ** 20).toFixed(1)} MiB held`;
  process.stdout.write(
    `${bad ? 'FAIL' : 'ok  '} ${target.name.padEnd(40)} ${refused} refused, slowest ${slowestMs.toFixed(1)} ms, ${memory}, ${seconds.toFixed(0)} s\n`,
  );
}
process.exit(failed ? 1 : 0);

/**
 * Feeds every parser a million hostile inputs: `npm run fuzz:formats [-- COUNT [SEED [NAME...]]]`. No crash, no input
 * that takes a second of the processor's time, and no more than 64 MB of memory beyond what the empty run needs.
 */
import { setTimeout } from 'node:timers/promises';
import { fuzz, SCANNER, TARGETS } from '../test/support/fuzz/index.ts';

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
for (const target of [...TARGETS, SCANNER]) {
  if (names.length > 0 && !names.includes(target.name)) continue;
  await fuzz(target, 100, Number(seed));
  const before = await heldBytes();
  const started = performance.now();
  const { refused, slowestMs } = await fuzz(target, Number(count), Number(seed));
  const seconds = (performance.now() - started) / 1000;
  const grown = (await heldBytes()) - before;
  const bad = slowestMs > MAX_MS || grown > MAX_BYTES;
  failed ||= bad;
  const memory = `${(grown / 2 ** 20).toFixed(1)} MiB held`;
  process.stdout.write(
    `${bad ? 'FAIL' : 'ok  '} ${target.name.padEnd(14)} ${refused} refused, slowest ${slowestMs.toFixed(1)} ms, ${memory}, ${seconds.toFixed(0)} s\n`,
  );
}
process.exit(failed ? 1 : 0);

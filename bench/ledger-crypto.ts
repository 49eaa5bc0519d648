/**
 * How fast the ledger's cryptography is, beside noble and beside sodium-native in the same run:
 * `node bench/ledger-crypto.ts [seconds per measurement]`. The table goes into docs/benchmarks.md by hand.
 */
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { Worker } from 'node:worker_threads';
import {
  type Curve,
  defaultCurve,
  loadCurveKernel,
  nobleCurve,
  randomScalar,
  sharedSecrets,
  systemRandom,
} from '#crypto';
import { measure } from './ledger/measure.ts';
import { makeTransfers, verifyTransfers } from './ledger/transfers.ts';

const seconds = Number(process.argv[2] ?? 1);
const kernel = defaultCurve();

interface Sodium {
  crypto_scalarmult_ed25519_noclamp(out: Buffer, scalar: Buffer, point: Buffer): void;
}
const sodium = createRequire(import.meta.url)('sodium-native') as Sodium;

const us = (value: number) => (value * 1000).toFixed(value < 0.1 ? 1 : 0);
const row = (...cells: string[]) => console.log(`| ${cells.join(' | ')} |`);

/** What is measured, on each implementation: milliseconds for one. */
function operations(curve: Curve) {
  const scalar = randomScalar(curve, systemRandom);
  const points = Array.from({ length: 280 }, (_, i) =>
    curve.hashToPoint(curve.keccak256(Uint8Array.of(i, i >> 8))),
  );
  const powers = curve.scalars.powers(scalar, points.length);
  const [first] = points;
  const encoded = curve.encode(first!);
  const transfers = makeTransfers(1, kernel);
  return {
    'decode a point': () => curve.decode(encoded),
    'hash to point': () => curve.hashToPoint(encoded),
    'secret scalar × point': () => curve.multiplySecret(scalar, first!),
    'secret scalar × G': () => curve.multiplyBaseSecret(scalar),
    'sum of 280 products': () => curve.multiScalar(powers, points),
    'CLSAG-16 verify': () => verifyTransfers(transfers, curve, { signatures: 1, ranges: false }),
    'BP+ of 2 outputs verify': () => verifyTransfers(transfers, curve, { signatures: 0, ranges: true }),
    '2-in/2-out verify': () => verifyTransfers(transfers, curve),
  };
}

console.log(`${cpus()[0]!.model}, ${availableParallelism()} threads, Node ${process.version}\n`);
row('one thread', 'kernel µs', 'noble µs', 'ratio');
row('---', '---:', '---:', '---:');
const [fast, slow] = [operations(kernel), operations(nobleCurve)];
for (const name of Object.keys(fast) as (keyof typeof fast)[]) {
  const [a, b] = [measure(fast[name], seconds), measure(slow[name], seconds)];
  row(name, us(a), us(b), `${(b / a).toFixed(0)}×`);
}

console.log();
const batch = makeTransfers(16, kernel);
row('range proofs of 2 outputs, batch of', 'µs each');
row('---', '---:');
for (const count of [1, 4, 16]) {
  const some = batch.slice(0, count);
  const ms = measure(() => verifyTransfers(some, kernel, { signatures: 0, ranges: true }), seconds);
  row(`${count}`, us(ms / count));
}

console.log();
const keys = Array.from({ length: 64 }, (_, i) =>
  kernel.encode(kernel.hashToPoint(kernel.keccak256(Uint8Array.of(i)))),
);
const secret = randomScalar(kernel, systemRandom);
const [scalar, point, out] = [Buffer.from(secret), Buffer.from(keys[0]!), Buffer.alloc(32)];
const multiplied = measure(() => sodium.crypto_scalarmult_ed25519_noclamp(out, scalar, point), seconds);
const scanned =
  measure(() => sharedSecrets(secret, keys, kernel).map((d) => kernel.keccak256(d!)), seconds) / keys.length;
row('wallet scan', 'outputs/s');
row('---', '---:');
row('kernel: shared secret and view tag', (1000 / scanned).toFixed(0));
row('sodium-native: scalar multiplication alone', (1000 / multiplied).toFixed(0));
row('ratio', (multiplied / scanned).toFixed(2));

console.log();
row('2-in/2-out in batches of 64, threads', 'transfers/s', 'per thread, of one');
row('---', '---:', '---:');
let single = 0;
for (let threads = 1; threads <= availableParallelism(); threads *= 2) {
  const rate = await throughput(threads);
  single ||= rate;
  row(`${threads}`, rate.toFixed(0), (rate / threads / single).toFixed(2));
}

/** Transfers verified per second by so many workers, to which the compiled kernel is posted. */
async function throughput(threads: number): Promise<number> {
  const module = loadCurveKernel();
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL('./ledger/verify-worker.ts', import.meta.url));
    worker.postMessage({ module, transfers: makeTransfers(64, kernel), seconds: Math.max(2, seconds) });
    return worker;
  });
  const rates = await Promise.all(
    workers.map(
      (worker) =>
        new Promise<number>((resolve, reject) => worker.once('message', resolve).once('error', reject)),
    ),
  );
  await Promise.all(workers.map((worker) => worker.terminate()));
  return rates.reduce((sum, rate) => sum + rate);
}

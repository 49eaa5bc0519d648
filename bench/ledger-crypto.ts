/**
 * How fast the ledger's cryptography is, beside noble and beside sodium-native in the same run:
 * `node bench/ledger-crypto.ts [seconds per measurement]`, and beside Monero's own code when MONERO_BENCH names the program
 * that bench/peers/monero/build.sh made. The table goes into docs/benchmarks.md by hand.
 */
import { createRequire } from 'node:module';
import { availableParallelism, cpus } from 'node:os';
import { Worker } from 'node:worker_threads';
import { domainHash } from '#base';
import {
  aggregateSignatures,
  areSignatures,
  type Curve,
  defaultCurve,
  isAggregate,
  loadCurveKernel,
  proveRange,
  randomScalar,
  SigningKey,
  sharedSecrets,
  signClsag,
  systemRandom,
} from '#crypto';
import { nobleCurve } from '../test/support/crypto/noble/curve.ts';
import { measure } from './ledger/measure.ts';
import { measureMonero, scaledMonero } from './ledger/monero.ts';
import { makeTransfers, verifyTransfers } from './ledger/transfers.ts';
import type { Order, Throughput } from './ledger/verify-worker.ts';

const seconds = Number(process.argv[2] ?? 1);
const kernel = defaultCurve();
const secret = randomScalar(kernel, systemRandom);

interface Sodium {
  crypto_scalarmult_ed25519_noclamp(out: Buffer, scalar: Buffer, point: Buffer): void;
}
const sodium = createRequire(import.meta.url)('sodium-native') as Sodium;

const us = (value: number) => (value * 1000).toFixed(value < 0.1 ? 1 : 0);
const row = (...cells: string[]) => console.log(`| ${cells.join(' | ')} |`);

const MESSAGE = domainHash('vote', new Uint8Array(70));

/** What the commit of a hundred validators is made of. */
function precommits(count: number) {
  return Array.from({ length: count }, () => {
    const key = SigningKey.generate();
    return { message: MESSAGE, publicKey: key.publicKey, signature: key.sign('vote', new Uint8Array(70)) };
  });
}

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
  const signed = precommits(100);
  const quorum = signed.slice(0, 67);
  const publicKeys = quorum.map(({ publicKey }) => publicKey);
  const aggregate = aggregateSignatures(kernel, MESSAGE, quorum);
  return {
    'decode a point': () => curve.decode(encoded),
    'hash to point': () => curve.hashToPoint(encoded),
    'secret scalar × point': () => curve.multiplySecret(scalar, first!),
    'secret scalar × G': () => curve.multiplyBaseSecret(scalar),
    'sum of 280 products': () => curve.multiScalar(powers, points),
    'CLSAG-16 verify': () => verifyTransfers(transfers, curve, { signatures: 1, ranges: false }),
    'BP+ of 2 outputs verify': () => verifyTransfers(transfers, curve, { signatures: 0, ranges: true }),
    '2-in/2-out verify': () => verifyTransfers(transfers, curve),
    '100 Ed25519 signatures in a batch': () => areSignatures(curve, signed),
    'a quorum of 67 of them aggregated': () =>
      isAggregate(curve, { message: MESSAGE, publicKeys, aggregate }),
    'CLSAG-16 sign': () =>
      signClsag(transfers[0]!.inputs[0]!.statement, transfers[0]!.inputs[0]!.witness, curve),
    'BP+ of 2 outputs prove': () => proveRange([60n, 40n], [scalar, scalar], curve),
  };
}

console.log(`${cpus()[0]!.model}, ${availableParallelism()} threads, Node ${process.version}\n`);
row('one thread', 'kernel µs', 'noble µs', 'ratio');
row('---', '---:', '---:', '---:');
const [fast, slow] = [operations(kernel), operations(nobleCurve)];
const took: Record<string, number> = {};
for (const name of Object.keys(fast) as (keyof typeof fast)[]) {
  took[name] = measure(fast[name], seconds);
  const reference = measure(slow[name], seconds);
  row(name, us(took[name]), us(reference), `${(reference / took[name]).toFixed(0)}×`);
}

const [scalar, point, out] = [secret, kernel.encode(kernel.base), new Uint8Array(32)].map((part) =>
  Buffer.from(part),
);
const sodiumTook = measure(() => sodium.crypto_scalarmult_ed25519_noclamp(out!, scalar!, point!), seconds);

console.log();
const batch = makeTransfers(64, kernel);
const batchTook =
  measure(() => verifyTransfers(batch, kernel, { signatures: 0, ranges: true }), seconds) / batch.length;
const program = process.env.MONERO_BENCH;
const monero = program ? measureMonero(program, batch[0]!, seconds) : scaledMonero(sodiumTook);
row('beside Monero’s C++', 'kernel µs', program ? 'Monero µs' : 'Monero µs, scaled', 'Monero / kernel');
row('---', '---:', '---:', '---:');
const beside = (name: string, ours: number, theirs: number) =>
  row(name, us(ours), us(theirs), (theirs / ours).toFixed(2));
beside('CLSAG-16 verify', took['CLSAG-16 verify']!, monero.clsag);
beside('BP+ of 2 outputs, single', took['BP+ of 2 outputs verify']!, monero.range);
beside('BP+ of 2 outputs, each of 64', batchTook, monero.rangeOf64);
beside('2-in/2-out, single', took['2-in/2-out verify']!, 2 * monero.clsag + monero.range);
beside(
  '2-in/2-out, each of 64',
  2 * took['CLSAG-16 verify']! + batchTook,
  2 * monero.clsag + monero.rangeOf64,
);

console.log();
const keys = Array.from({ length: 64 }, (_, i) =>
  kernel.encode(kernel.hashToPoint(kernel.keccak256(Uint8Array.of(i)))),
);
const scanned =
  measure(() => sharedSecrets(secret, keys, kernel).map((d) => kernel.keccak256(d!)), seconds) / keys.length;
row('wallet scan', 'outputs/s');
row('---', '---:');
row('kernel: shared secret and view tag', (1000 / scanned).toFixed(0));
row('sodium-native: scalar multiplication alone', (1000 / sodiumTook).toFixed(0));
row('ratio', (sodiumTook / scanned).toFixed(2));

console.log();
row(
  '2-in/2-out in batches of 64, threads',
  'transfers/s',
  'per processor second of a thread',
  'of one thread’s',
);
row('---', '---:', '---:', '---:');
let single = 0;
for (let threads = 1; threads <= availableParallelism(); threads *= 2) {
  const { perSecond, perProcessorSecond } = await throughput(threads);
  single ||= perProcessorSecond;
  row(
    `${threads}`,
    perSecond.toFixed(0),
    perProcessorSecond.toFixed(0),
    (perProcessorSecond / single).toFixed(2),
  );
}

/** What so many workers, to which the compiled kernel is posted, do together, and each per second it computes. */
async function throughput(threads: number): Promise<Throughput> {
  const order: Order = { module: loadCurveKernel(), transfers: batch, seconds: Math.max(3, seconds) };
  const workers = Array.from({ length: threads }, () => {
    const worker = new Worker(new URL('./ledger/verify-worker.ts', import.meta.url));
    worker.postMessage(order);
    return worker;
  });
  const answer = (worker: Worker) =>
    new Promise<Throughput>((resolve, reject) => worker.once('message', resolve).once('error', reject));
  const all = await Promise.all(workers.map(answer));
  await Promise.all(workers.map((worker) => worker.terminate()));
  const total = (of: (one: Throughput) => number) => all.reduce((sum, one) => sum + of(one), 0);
  return {
    perSecond: total((one) => one.perSecond),
    perProcessorSecond: total((one) => one.perProcessorSecond) / threads,
  };
}

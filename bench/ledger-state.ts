/**
 * What the ledger's state costs, cryptography aside: `node bench/ledger-state.ts [outputs in the state]`. A block of
 * 100 transfers, 200 outputs, is applied and committed to LMDB, durable, on a state of a million outputs; then the
 * state is opened anew. The table goes into docs/benchmarks.md by hand.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Overlay, openLmdbStore, type Store } from '#store';
import { heads, type OutputRecord, outputRange, outputs, outputTotals } from '../src/ledger/buckets.ts';
import { Ledger } from '../src/ledger/ledger.ts';
import { recordOutputs } from '../src/ledger/state/block.ts';
import {
  curve,
  deterministic,
  genesisOf,
  growTo,
  transactionOf,
  trustingSpends,
} from '../test/support/ledger/chain.ts';

const count = Number(process.argv[2] ?? 1_000_000);
const random = deterministic('bench');
const options = { curve, spends: trustingSpends };

/** Milliseconds of the fastest, the middle and the slowest run. */
function times(runs: number, work: () => void): { best: number; median: number; worst: number } {
  const all = Array.from({ length: runs }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return { best: all[0]!, median: all[runs >> 1]!, worst: all.at(-1)! };
}

const row = (...cells: string[]) => console.log(`| ${cells.join(' | ')} |`);
const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;

/** Outputs as blocks of 200 would have made them, without the transactions. */
function fill(store: Store): void {
  for (let from = outputRange.count(store); from < count; ) {
    const draft = new Overlay(store);
    const records: OutputRecord[] = [];
    const to = Math.min(from + 20_000, count);
    const height = heads.get(store, 0)!.height;
    for (; from < to; from++) {
      const record = {
        key: random(32),
        commitment: random(32),
        txKey: random(32),
        context: random(32),
        position: 0,
        viewTag: random(3),
        amount: random(8),
        minted: 0 as const,
        height,
      };
      records.push(record);
    }
    recordOutputs(draft, records);
    outputTotals.put(draft, height, to);
    store.commit(draft.changes());
  }
}

const directory = await mkdtemp(join(tmpdir(), 'bitorch-bench-'));
const path = join(directory, 'state.mdb');
const store = openLmdbStore(path);
const ledger = Ledger.create(genesisOf(), { store, ...options });
growTo(ledger, 4);
fill(store);

const blocks = Array.from({ length: 100 }, () =>
  Array.from({ length: 100 }, () => transactionOf(ledger, random, { inputs: 1, expiry: 1_000 })),
);
const applied = { apply: [] as number[], commit: [] as number[] };
for (const transactions of blocks) {
  const start = performance.now();
  const result = ledger.apply({ height: ledger.head.height + 1, transactions });
  const middle = performance.now();
  ledger.commit(result);
  applied.apply.push(middle - start);
  applied.commit.push(performance.now() - middle);
}
const summary = (all: number[]) => {
  const sorted = all.slice(20).sort((a, b) => a - b);
  return [ms(sorted[0]!), ms(sorted[sorted.length >> 1]!), ms(sorted.at(-1)!)];
};
const both = applied.apply.map((time, i) => time + applied.commit[i]!);
const { height } = ledger.head;
await store.close();

const opening = performance.now();
const again = openLmdbStore(path);
const opened = Ledger.open({ store: again, ...options });
const took = performance.now() - opening;
const reads = times(5, () => {
  for (let n = 0; n < 10_000; n++) outputs.get(again, Math.floor((n * 7919) % count));
});
if (opened.head.height !== height)
  throw new Error('the state that was opened is not the one that was closed');

console.log(`${cpus()[0]!.model}, ${availableParallelism()} threads, Node ${process.version}`);
console.log(`${count.toLocaleString('en')} outputs, ${((await stat(path)).size / 2 ** 20).toFixed(0)} MiB\n`);
row('', 'best', 'median', 'worst');
row('---', '---', '---', '---');
row('apply 100 transfers, 200 outputs', ...summary(applied.apply));
row('commit it, durable', ...summary(applied.commit));
row('both', ...summary(both));
row('read 10,000 outputs', ms(reads.best), ms(reads.median), ms(reads.worst));
row('open the state', ms(took), '', '');
console.log(`\nbars: a block of 200 outputs committed in 5 ms, a state of 10^6 outputs opened in 1 s`);
await again.close();
await rm(directory, { recursive: true });

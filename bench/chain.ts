/**
 * The chain beside CometBFT v0.38 on the same application, the same signed transfers, the same pause between blocks: four
 * validators on this machine, `node bench/chain.ts [seconds under load] [transfers]`. Without CometBFT (set COMETBFT to
 * its binary) the rest is measured. The table goes into docs/benchmarks.md by hand.
 */
import { availableParallelism, cpus } from 'node:os';
import { defaultCurve } from '#crypto';
import { Ledger, type Mempool, Mempool as Pool } from '#ledger';
import { MemoryStore } from '#store';
import { ledgerGenesis } from '../src/consensus/application/genesis.ts';
import { keyOf } from '../test/support/consensus/cluster.ts';
import { missingComet } from '../test/support/consensus/comet-network.ts';
import { catchUp } from './chain/catch-up.ts';
import { cometNetwork } from './chain/comet.ts';
import { genesisOf } from './chain/genesis.ts';
import { measure, type Quantiles, type Result } from './chain/measure.ts';
import { ourNetwork } from './chain/ours.ts';
import { presign } from './chain/presign.ts';

const VALIDATORS = 4;
const BLOCKS_MISSED = 1_000;
const seconds = Number(process.argv[2] ?? 60);
const count = Number(process.argv[3] ?? 40 * seconds);
const say = (line: string) => console.log(line);

/** Transfers a second that one core verifies, in batches as nodes do. */
function verifications(transfers: readonly Uint8Array[]): number {
  const curve = defaultCurve();
  const genesis = ledgerGenesis(genesisOf([keyOf('nobody')], 2 * count), curve);
  const ledger = Ledger.create(genesis, { store: new MemoryStore(), curve });
  const pool: Mempool = new Pool(ledger);
  const spends = transfers.slice(0, 64).map((bytes) => pool.examine(bytes));
  for (const batch of [spends.slice(0, 16), spends]) {
    const start = performance.now();
    for (let i = 0; i < batch.length; i += 16) ledger.spends.verify(ledger.state, batch.slice(i, i + 16));
    if (batch === spends) return batch.length / ((performance.now() - start) / 1000);
  }
  return 0;
}

const show = ({ median, p95, count: blocks }: Quantiles) =>
  `${median.toFixed(0)} / ${p95.toFixed(0)} ms (${blocks} blocks)`;
const row = ({ name, emptyMs, loadedMs, transfersPerSecond, transfers }: Result) =>
  say(`| ${name} | ${show(emptyMs)} | ${show(loadedMs)} | ${transfersPerSecond.toFixed(1)} (${transfers}) |`);

say(
  `${cpus()[0]!.model}, ${availableParallelism()} cores; ${VALIDATORS} validators; ${count} transfers signed before`,
);
const transfers = await presign(count);
const rate = verifications(transfers);
const bar = (0.5 * rate * availableParallelism()) / VALIDATORS;
say(`verified: ${rate.toFixed(1)} transfers/s on one core; bar ${bar.toFixed(1)} transfers/s\n`);
say('| engine | finality of empty blocks, median / 95 % | under load | transfers/s |\n|---|---|---|---|');
const options = { emptySeconds: 15, seconds };
const ours = await measure(await ourNetwork(2 * count), transfers, options);
row(ours);
const missing = missingComet();
if (missing) say(`| CometBFT | ${missing} | | |`);
else {
  const theirs = await measure(await cometNetwork(2 * count), transfers, options);
  row(theirs);
  const ratio = (a: Quantiles, b: Quantiles) => (a.median / b.median).toFixed(2);
  say(
    `\nfinality, ours / theirs: ${ratio(ours.emptyMs, theirs.emptyMs)} empty, ${ratio(ours.loadedMs, theirs.loadedMs)} loaded`,
  );
}
const caught = await catchUp(BLOCKS_MISSED);
say(
  `caught up ${caught.blocks} blocks in ${caught.seconds.toFixed(1)} s, ${caught.startSeconds.toFixed(1)} s of it to start`,
);
process.exit();

/**
 * The chain beside CometBFT v0.38 on the same application, the same signed transfers, the same pause between blocks: four
 * validators on this machine, `node bench/chain.ts TRANSFERS [seconds of each phase] [transfers a second]`. TRANSFERS is
 * what `node bench/chain-sign.ts TRANSFERS` has written. Without CometBFT (set COMETBFT to its binary) the rest is
 * measured. The table goes into docs/benchmarks.md by hand.
 */
import { availableParallelism, cpus } from 'node:os';
import { defaultCurve } from '#crypto';
import { Ledger, type Mempool, Mempool as Pool } from '#ledger';
import { MemoryStore } from '#store';
import { ledgerGenesis } from '../src/consensus/application/genesis.ts';
import { missingComet } from '../test/support/consensus/comet-network.ts';
import { catchUp } from './chain/catch-up.ts';
import { cometNetwork } from './chain/comet.ts';
import { genesisOf, VALIDATOR_KEYS } from './chain/genesis.ts';
import { type Load, measure, type Quantiles, type Result } from './chain/measure.ts';
import { ourNetwork } from './chain/ours.ts';
import { readTransfers } from './chain/transfers.ts';

const VALIDATORS = VALIDATOR_KEYS.length;
const BLOCKS_MISSED = 1_000;
const [file, seconds = '60', perSecond = '25'] = process.argv.slice(2);
if (!file)
  throw new Error('sign transfers first: node bench/chain-sign.ts FILE; then node bench/chain.ts FILE');
const transfers = readTransfers(file);
const outputs = 2 * transfers.length;
const say = (line: string) => console.log(line);

/** Transfers a second that one core verifies, in batches as nodes do. */
function verifications(): number {
  const curve = defaultCurve();
  const genesis = ledgerGenesis(genesisOf(VALIDATOR_KEYS, outputs), curve);
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

/** Of transfers handed in last a full pool leaves some waiting when its phase ends: how long, nobody knows. */
const whole = (ms: number) => (Number.isFinite(ms) ? ms.toFixed(0) : 'open');
const show = ({ median, p95 }: Quantiles) => `${whole(median)} / ${whole(p95)} ms`;
const row = (name: string, { finality, latency, offered, final, perSecond: rate }: Load) =>
  say(
    `| ${name} | ${show(finality)} (${finality.count} blocks) | ${show(latency)} | ${rate.toFixed(1)} (${final} of ${offered}) |`,
  );
function report({ name, empty, steady, full }: Result): void {
  say(`| ${name}, empty blocks | ${show(empty)} (${empty.count} blocks) | | |`);
  row(`${name}, ${perSecond} transfers/s offered`, steady);
  row(`${name}, pools full`, full);
}
const ratio = (a: Quantiles, b: Quantiles) =>
  `${(a.median / b.median).toFixed(2)} / ${(a.p95 / b.p95).toFixed(2)}`;

say(`${cpus()[0]!.model}, ${availableParallelism()} cores; ${VALIDATORS} validators`);
const rate = verifications();
const capacity = (rate * availableParallelism()) / VALIDATORS;
say(`verified: ${rate.toFixed(1)} transfers/s on one core; bar ${(0.5 * capacity).toFixed(1)} transfers/s`);
say(
  `${perSecond} transfers/s take ${((100 * Number(perSecond)) / capacity).toFixed(0)} % of all cores to verify\n`,
);
say('| | finality of blocks, median / 95 % | latency of transfers, median / 95 % | final transfers/s |');
say('|---|---|---|---|');
const options = { emptySeconds: 15, seconds: Number(seconds), perSecond: Number(perSecond) };
const ours = await measure(await ourNetwork(outputs), transfers, options);
report(ours);
const missing = missingComet();
if (missing) say(`| CometBFT | ${missing} | | |`);
else {
  const theirs = await measure(await cometNetwork(outputs), transfers, options);
  report(theirs);
  say('\nours / theirs, median / 95 %:');
  say(`- finality of empty blocks ${ratio(ours.empty, theirs.empty)}`);
  say(`- steady: finality ${ratio(ours.steady.finality, theirs.steady.finality)}`);
  say(`- steady: latency ${ratio(ours.steady.latency, theirs.steady.latency)}`);
  say(`- full: finality ${ratio(ours.full.finality, theirs.full.finality)}`);
}
const caught = await catchUp(BLOCKS_MISSED);
say(
  `caught up ${caught.blocks} blocks in ${caught.seconds.toFixed(1)} s, ${caught.startSeconds.toFixed(1)} s of it to start`,
);
process.exit();

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { toHex } from '#base';
import { Wallet, wordsOf } from '#ledger';
import { ask } from '../../../src/consensus/application/queries/application-chain.ts';
import { curve, dice } from '../ledger/chain.ts';
import type { DeathPoint } from './chain-process.ts';
import { type ChainProcess, type Cluster, until } from './cluster.ts';
import { remoteApplication, remoteChain } from './remote-chain.ts';
import { FAUCET_ENTROPY } from './test-genesis.ts';
import type { TinyDisk } from './tiny-disk.ts';

export interface ChaosReport {
  readonly kills: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly height: number;
  /** Payments that a wallet was told are final. */
  readonly payments: number;
  readonly seconds: number;
}

const DEATHS: readonly DeathPoint[] = ['before log', 'after log', 'before sign', 'after sign'];
const FAULTS = [
  ...(['kill', 'kill', 'kill two', 'die', 'die', 'die', 'stop', 'disconnect'] as const),
  ...(['write refused', 'disk full'] as const),
];
/** Of a validator whose disk runs full: all that it writes in an hour, and some. */
export const DISK_BYTES = 96 << 20;
/** Round in which the disk runs full whatever the dice say. */
const FULL_FIRST = 2;
const AMOUNT = 1_000_000_000n;

interface Paid {
  readonly id: Uint8Array;
  readonly keyImage: Uint8Array;
  readonly height: number;
}

/** Pays from the faucet's wallet to another one, again and again, and remembers what it was told is final. */
class Payer {
  readonly wallet: Wallet;
  readonly payee: Wallet;
  readonly final: Paid[] = [];
  readonly #network: Uint8Array;
  readonly #sent = new Map<string, Uint8Array>();

  constructor(network: Uint8Array) {
    this.#network = network;
    this.wallet = Wallet.restore(wordsOf(FAUCET_ENTROPY), { network, curve });
    this.payee = Wallet.create({ network, curve });
  }

  /** Scans on one node, notes what is final there, and sends one payment more. Failing is part of the test's world. */
  async pay(node: ChainProcess): Promise<void> {
    const chain = remoteChain(node);
    await this.wallet.scan(chain);
    this.#noteFinal();
    const payments = [{ to: this.payee.address(), amount: AMOUNT }];
    const plan = await this.wallet.plan({ payments, again: true }, chain);
    const transaction = await this.wallet.sign(plan, chain);
    this.#sent.set(toHex(transaction.hashes.id), transaction.body.inputs[0]!.keyImage);
    await chain.submit(transaction.bytes);
  }

  #noteFinal(): void {
    const known = new Set(this.final.map(({ id }) => toHex(id)));
    for (const { id, height, spends } of this.wallet.sent) {
      if (height > 0 && !known.has(toHex(id))) this.final.push({ id, keyImage: spends[0]!, height });
    }
  }

  /** Everything that was called final is on the node, where it was said to be, and no coin has been made or lost. */
  async check(node: ChainProcess): Promise<void> {
    const chain = remoteChain(node);
    await this.wallet.scan(chain);
    this.#noteFinal();
    const { spends } = await chain.status();
    const known = new Map(
      (await chain.spends(0, spends)).map(({ keyImage, height }) => [toHex(keyImage), height]),
    );
    assert.deepEqual(
      this.final.map(({ keyImage }) => known.get(toHex(keyImage))),
      this.final.map(({ height }) => height),
      `${node.name} has other heights for final payments`,
    );
    const restored = Wallet.restore(this.payee.words!, { network: this.#network, curve });
    await this.payee.scan(chain);
    await restored.scan(chain);
    const total = ({ unlocked, locked }: { unlocked: bigint; locked: bigint }) => unlocked + locked;
    assert.equal(
      total(restored.balance()),
      total(this.payee.balance()),
      'a restored wallet has another balance',
    );
    assert.equal(
      total(this.payee.balance()),
      BigInt(this.final.length) * AMOUNT,
      'the payee has what was paid',
    );
    const supply = await ask(remoteApplication(node), '/supply', {});
    assert.equal(supply.minted - supply.burned, supply.shielded + supply.open, 'coins were doubled or lost');
  }
}

/** Does harm to the validators until so many processes have died by SIGKILL, then lets them recover and checks all of it. */
export async function chaos(
  cluster: Cluster,
  options: { kills: number; seed: string; network: Uint8Array; say?: (line: string) => void },
): Promise<ChaosReport> {
  const { say = () => undefined } = options;
  const roll = dice(options.seed);
  const faults = new Map<string, number>();
  const payer = new Payer(options.network);
  const started = performance.now();
  let kills = 0;
  let paying = true;
  const anyone = () => cluster.validators.filter(({ alive }) => alive)[roll(4) % 4] ?? cluster.validators[0]!;
  const payments = (async () => {
    while (paying) {
      await payer.pay(anyone()).catch((error: Error) => say(`  no payment: ${error.message.split('\n')[0]}`));
      await delay(400);
    }
  })();
  const { disk } = cluster;
  if (typeof disk === 'string') say(`disk full: skipped, ${disk}`);
  for (let round = 0; kills < options.kills; round++) {
    const fault = round === FULL_FIRST ? 'disk full' : FAULTS[roll(FAULTS.length)]!;
    const victim = cluster.validators[fault === 'disk full' ? 3 : roll(4)]!;
    const other = cluster.validators[(roll(3) + cluster.validators.indexOf(victim) + 1) % 4]!;
    if (fault === 'disk full' && typeof disk === 'string') continue;
    faults.set(fault, (faults.get(fault) ?? 0) + 1);
    const harmed =
      fault === 'disk full'
        ? await runFull(victim, disk as TinyDisk, roll)
        : await harm(fault, victim, other, roll);
    kills += harmed.length;
    await delay(roll(600));
    await Promise.all(harmed.map((node) => node.start()));
    say(
      `${kills} kills, ${fault} ${victim.name}, heights ${cluster.validators.map(({ height }) => height).join(' ')}`,
    );
    assert.deepEqual(cluster.contradictions(), []);
    if (round % 5 === 4) await progress(cluster, 2);
  }
  await progress(cluster, 3);
  paying = false;
  await payments;
  await progress(cluster, 3);
  for (const node of cluster.validators) await payer.check(node);
  assert.deepEqual(cluster.contradictions(), []);
  return {
    kills,
    faults,
    height: Math.max(...cluster.validators.map(({ height }) => height)),
    payments: payer.final.length,
    seconds: (performance.now() - started) / 1000,
  };
}

/** Every validator gets so much further than the furthest is now. */
export function progress(cluster: Cluster, blocks: number): Promise<void> {
  const from = Math.max(...cluster.validators.map(({ height }) => height));
  return until(
    () => cluster.validators.every(({ height }) => height >= from + blocks),
    () => `every validator ${blocks} blocks beyond ${from}: ${cluster.validators.map(stateOf)}`,
    90,
  );
}

const stateOf = ({ name, alive, height, log }: ChainProcess) =>
  `\n${name}, ${alive ? '' : 'dead, '}at ${height}: ${log.slice(-300)}`;

/**
 * Fills the disk of a validator to the last byte and gives it a little again and again, so that now one of its writers
 * finds room and now another. Sometimes it is killed meanwhile: on the full disk it comes up and waits, or says why not.
 */
async function runFull(
  victim: ChainProcess,
  disk: TinyDisk,
  roll: (limit: number) => number,
): Promise<ChainProcess[]> {
  await disk.fill();
  for (let left = roll(6); left > 0; left--) {
    await delay(roll(500));
    await disk.trickle(4_096 * (1 + roll(12)));
    await delay(roll(500));
    await disk.fill();
  }
  const dies = roll(2) === 0;
  if (dies) {
    await victim.kill();
    const up = victim.start().catch((error: Error) => assert.match(error.message, /space|ENOSPC|full/i));
    await Promise.race([up, delay(3_000)]);
    await victim.kill();
  }
  await disk.free();
  return dies ? [victim] : [];
}

/** Returns the processes that are dead now. */
async function harm(
  fault: Exclude<(typeof FAULTS)[number], 'disk full'>,
  victim: ChainProcess,
  other: ChainProcess,
  roll: (limit: number) => number,
): Promise<ChainProcess[]> {
  switch (fault) {
    case 'kill':
      await victim.kill();
      return [victim];
    case 'kill two':
      await Promise.all([victim.kill(), other.kill()]);
      return [victim, other];
    case 'die': {
      victim.order({ type: 'die', at: DEATHS[roll(DEATHS.length)]! });
      await Promise.race([victim.gone(), delay(8_000)]);
      if (victim.alive) await victim.kill();
      return [victim];
    }
    case 'stop':
      victim.signal('SIGSTOP');
      await delay(500 + roll(2_500));
      victim.signal('SIGCONT');
      return [];
    case 'disconnect':
      victim.order({ type: 'disconnect' });
      return [];
    case 'write refused':
      victim.order({ type: 'full', full: true });
      await delay(500 + roll(2_000));
      victim.order({ type: 'full', full: false });
      return [];
  }
}

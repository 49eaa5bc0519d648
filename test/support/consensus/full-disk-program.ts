/**
 * What a node does to a disk that is full, writer by writer: `argv[2]` is a folder on a file system of a few megabytes.
 * Each refuses with an error that says so, has changed nothing (a reader sees what was there before), and goes on when
 * there is space. Prints the name of each writer that did.
 */
import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf, sha256, toHex, utf8 } from '#base';
import { OpenWallet } from '#ledger';
import { openLmdbStore } from '#store';
import { SnapshotFolder } from '../../../src/consensus/application/snapshots/snapshot-folder.ts';
import { makeBlock } from '../../../src/consensus/blocks/index.ts';
import { ChainStore } from '../../../src/consensus/chain-store.ts';
import { PRECOMMIT, PREVOTE } from '../../../src/consensus/constants.ts';
import { LastSign, WriteAheadLog } from '../../../src/consensus/journal/index.ts';
import { isDiskFull } from '../../../src/consensus/loop/disk.ts';
import { Ledger } from '../../../src/ledger/ledger.ts';
import { Mempool } from '../../../src/ledger/mempool.ts';
import { localChain } from '../../../src/ledger/wallet/local-chain.ts';
import { curve, genesisOf, trustingSpends } from '../ledger/chain.ts';
import { OPTIONS, realLedger, walletOf } from '../ledger/wallets.ts';
import { founders, TestChain, testGenesis } from './application.ts';
import { chainOf, keysOf, setOf } from './headers.ts';

const disk = process.argv[2]!;
const ballast = join(disk, 'ballast');
const at = (name: string) => join(disk, name);

/** Down to the last byte. */
function fill(): void {
  for (let bytes = 2 ** 20; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    try {
      for (;;) appendFileSync(ballast, new Uint8Array(bytes));
    } catch (error) {
      assert.equal(codeOf(error), 'ENOSPC');
    }
  }
}
const free = () => rmSync(ballast);

/** The disk is full while `write` is tried, which has to say so. */
async function whileFull(write: () => unknown, look: () => unknown): Promise<void> {
  fill();
  const error: unknown = await Promise.resolve()
    .then(write)
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  assert.ok(error !== undefined, 'it was written, though there was no space');
  assert.ok(isDiskFull(error), `not an error about space: ${codeOf(error)} ${messageOf(error)}`);
  await look();
  free();
}

async function journal(): Promise<void> {
  const [small, large] = [new Uint8Array(100).fill(1), new Uint8Array(20_000).fill(2)];
  const log = new WriteAheadLog({ folder: at('journal') });
  log.open(1);
  log.append(small);
  log.sync();
  await whileFull(
    () => log.append(large),
    () => assert.deepEqual(log.recordsOf(1), [small]),
  );
  log.append(large);
  log.sync();
  assert.deepEqual(new WriteAheadLog({ folder: at('journal') }).open(1), [small, large]);
}

async function lastSignature(): Promise<void> {
  const step = (height: number, word: string) =>
    ({ height, round: 0, step: PREVOTE, bytes: utf8(word) }) as const;
  const signature = (fill: number) => () => new Uint8Array(64).fill(fill) as Uint8Array;
  const path = at('last-sign');
  const guard = new LastSign(path);
  guard.sign(step(1, 'a'), signature(1));
  await whileFull(
    () => guard.sign(step(2, 'b'), signature(2)),
    () => {
      assert.equal(new LastSign(path).last?.height, 1);
      assert.throws(() => guard.sign(step(2, 'c'), signature(3)), { code: 'DOUBLE_SIGN_REFUSED' });
    },
  );
  assert.throws(() => guard.sign(step(2, 'c'), signature(3)), { code: 'DOUBLE_SIGN_REFUSED' });
  assert.deepEqual(guard.sign(step(2, 'b'), signature(2)), signature(2)());
  assert.equal(new LastSign(path).last?.height, 2);
  guard.sign({ ...step(2, 'b'), step: PRECOMMIT }, signature(4));
}

async function blocks(): Promise<void> {
  const four = keysOf('a', 'b', 'c', 'd');
  const set = setOf(four);
  const links = chainOf(8, () => four);
  const store = new ChainStore(openLmdbStore(at('blocks.mdb'), 2 ** 24));
  store.begin(sha256(utf8('0')), [set, set]);
  const bulk = (height: number) => new Uint8Array(60_000).fill(height);
  const append = (height: number) => {
    const { block, light } = links[height - 1]!;
    const large = { ...block.header, lastCommit: block.lastCommit, transactions: [bulk(height)] };
    const appHash = sha256(utf8(`${height}`));
    store.append({ block: makeBlock(large), commit: light.commit, appHash, validators: set });
  };
  append(1);
  await whileFull(
    () => {
      for (let height = 2; height <= 8; height++) append(height);
    },
    () => assert.ok(store.block(store.height), 'the last block is whole'),
  );
  const { height } = store;
  for (let next = height + 1; next <= 8; next++) append(next);
  await store.close();
  const again = new ChainStore(openLmdbStore(at('blocks.mdb'), 2 ** 24));
  for (let one = 1; one <= 8; one++) assert.equal(again.block(one)!.transactions[0]![0], one);
  await again.close();
}

async function state(): Promise<void> {
  const options = { curve, spends: trustingSpends };
  const store = openLmdbStore(at('state.mdb'), 2 ** 26);
  const ledger = Ledger.create(genesisOf(), { ...options, store });
  const next = () => ledger.apply({ height: ledger.head.height + 1, transactions: [] });
  const bulk = Array.from({ length: 40 }, (_, i) => ({
    key: Uint8Array.of(200, i),
    value: new Uint8Array(10_000),
  }));
  const before = { ...ledger.head };
  const result = next();
  await whileFull(
    () => ledger.commit(result, bulk),
    () => assert.deepEqual(ledger.head, before),
  );
  ledger.commit(result, bulk);
  ledger.commit(next());
  const { height, appHash } = ledger.head;
  await store.close();
  const reopened = openLmdbStore(at('state.mdb'), 2 ** 26);
  const again = Ledger.open({ ...options, store: reopened });
  assert.deepEqual([again.head.height, toHex(again.head.appHash)], [height, toHex(appHash)]);
  await reopened.close();
}

async function wallet(): Promise<void> {
  const [payer, payee] = [walletOf('payer'), walletOf('payee')];
  const ledger = realLedger([payer.address()]);
  const pool = new Mempool(ledger);
  const chain = localChain(ledger, (bytes) => pool.add(bytes));
  const file = { path: at('wallet'), password: 'pass phrase', cost: { memoryKiB: 64, passes: 1 } };
  const open = await OpenWallet.restore(file, payer.words!, { network: OPTIONS.network });
  await open.scan(chain);
  const before = open.balance;
  const planned = await open.plan(payee.addressText(), 10n ** 9n, chain);
  const plan = planned[0]!;
  await whileFull(
    () => open.send(plan, chain),
    async () => {
      assert.equal(pool.size, 0, 'nothing was sent');
      assert.deepEqual(open.balance, before, 'and nothing is kept back for it');
      await open.wallet.remind(chain);
      assert.equal(pool.size, 0, 'nor is it sent later');
    },
  );
  await open.close();
  const again = await OpenWallet.open(file);
  assert.deepEqual(again.balance, before);
  for (const one of await again.plan(payee.addressText(), 10n ** 9n, chain)) await again.send(one, chain);
  assert.equal(pool.size, 1);
  await again.close();
}

async function snapshots(): Promise<void> {
  const directory = at('snapshots');
  mkdirSync(directory);
  const folder = new SnapshotFolder({ directory, everyBlocks: 1 });
  const store = openLmdbStore(at('snapshotted.mdb'), 2 ** 24);
  const faucet = { entropy: new Uint8Array(32).fill(7), outputs: 2_000, amount: 10n ** 9n };
  await TestChain.begun(founders[0], { store }, testGenesis({ faucet }));
  await whileFull(
    () => {
      folder.take(1, store.snapshot());
      return folder.settled();
    },
    () => assert.deepEqual(readdirSync(directory), [], 'what was begun does not stay'),
  );
  folder.take(2, store.snapshot());
  await folder.settled();
  assert.equal((await folder.list())[0]!.height, 2);
  await store.close();
}

for (const writer of [journal, lastSignature, blocks, state, wallet, snapshots]) {
  await writer();
  console.log(writer.name);
}

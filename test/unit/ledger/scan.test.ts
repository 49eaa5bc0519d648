import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Curve } from '#crypto';
import { outputs } from '../../../src/ledger/buckets.ts';
import { OutputScanner, scanHere } from '../../../src/ledger/wallet/scan.ts';
import { openScanThread } from '../../../src/ledger/wallet/scan-thread.ts';
import { Wallet } from '../../../src/ledger/wallet/wallet.ts';
import { curve, grow, growTo, somebody } from '../../support/ledger/chain.ts';
import { chainOf, OPTIONS, realLedger, walletOf } from '../../support/ledger/wallets.ts';

const TORCH = 1_000_000_000n;
const alice = walletOf('scan alice');
const others = Array.from({ length: 60 }, () => somebody);
/** 1,220 outputs: enough for a thread, in three batches. */
const ledger = realLedger([alice.address(), ...others]);
const chain = chainOf(ledger);

test('many outputs are looked at in a thread, with progress; the finds are those of this thread', async () => {
  const progress: number[] = [];
  await alice.scan(chain, {
    onProgress: ({ done, total }) => {
      assert.equal(total, 1_220);
      progress.push(done);
    },
  });
  assert.deepEqual(progress, [500, 1_000, 1_220]);
  assert.deepEqual(alice.balance(), { unlocked: 20_000n * TORCH, locked: 0n });

  const keys = { viewSecret: alice.account.viewSecret, spendKey: alice.account.spendKey };
  const all = [...outputs.entries(ledger.state)].map(([, output]) => output);
  const [here, there] = [scanHere(new OutputScanner(keys, 0, curve)), openScanThread(keys, 0)];
  try {
    const found = await here.scan(0, all);
    assert.equal(found.length, 20);
    assert.deepEqual(await there.scan(0, all), found);
  } finally {
    await there.close();
  }
});

test('a scan that is stopped keeps what it read, and goes on from there', async () => {
  const wallet = Wallet.restore(alice.words!, OPTIONS);
  const stop = new AbortController();
  const stopped = wallet.scan(chain, { onProgress: () => stop.abort(), signal: stop.signal });
  await assert.rejects(stopped, { name: 'AbortError' });
  assert.equal(wallet.owned.length, 20);
  assert.equal(wallet.height, 0);
  let total = 0;
  await wallet.scan(chain, { onProgress: (progress) => (total = progress.total) });
  assert.equal(total, 720);
  assert.deepEqual(wallet.balance(), alice.balance());
});

test('what a wallet looks for is worked out once, not at every block', async () => {
  let derived = 0;
  const counting: Curve = Object.assign(Object.create(curve), {
    multiplyBaseSecret: (scalar: Uint8Array) => {
      derived++;
      return curve.multiplyBaseSecret(scalar);
    },
  });
  const money = realLedger([walletOf('scan idle').address()], 5);
  const onMoney = chainOf(money);
  const wallet = Wallet.restore(walletOf('scan idle').words!, { ...OPTIONS, curve: counting });
  await wallet.scan(onMoney);
  assert.ok(derived > 50, `${derived} subaddresses`);
  derived = 0;
  for (let i = 0; i < 5; i++) {
    growTo(money, money.head.height + 1);
    await wallet.scan(onMoney);
  }
  assert.equal(derived, 0);
  wallet.addSubaddress('one more');
  await wallet.scan(onMoney);
  assert.equal(derived, 1);
});

test('a restored wallet finds subaddresses far beyond those it knows, one leading to the next', async () => {
  const payer = walletOf('scan payer');
  const paid = walletOf('scan paid');
  while (paid.labels.length < 90) paid.addSubaddress('');
  const money = realLedger([payer.address()], 20);
  const onMoney = chainOf(money);
  await payer.scan(onMoney);
  for (const index of [45, 90]) {
    const plan = await payer.plan({ payments: [{ to: paid.address(index), amount: TORCH }] }, onMoney);
    grow(money, await payer.sign(plan, onMoney));
  }
  const again = Wallet.restore(paid.words!, OPTIONS);
  await again.scan(onMoney);
  assert.deepEqual(
    again.owned.map(({ subaddress }) => subaddress),
    [45, 90],
  );
  assert.equal(again.labels.length, 90);
  again.label(90, 'found');
  assert.equal(again.labels[89], 'found');
  assert.throws(() => again.label(91, 'x'), { code: 'SUBADDRESS_UNKNOWN' });
});

test('a chain that knows less than the wallet is refused until the wallet forgets its finds', async () => {
  const wallet = Wallet.restore(alice.words!, OPTIONS);
  const grown = realLedger([alice.address()], 20);
  growTo(grown, 9);
  await wallet.scan(chainOf(grown));
  const anew = chainOf(realLedger([alice.address()], 17));
  await assert.rejects(wallet.scan(anew), { code: 'CHAIN_BEHIND' });
  assert.equal(wallet.balance().unlocked, 20_000n * TORCH);
  wallet.forgetFinds();
  await wallet.scan(anew);
  assert.equal(wallet.balance().unlocked, 17_000n * TORCH);
});

test('a transfer that was refused is forgotten, and its inputs can be spent again', async () => {
  const before = alice.balance();
  const plan = await alice.plan({ payments: [{ to: somebody, amount: TORCH }] }, chain);
  const { hashes } = await alice.sign(plan, chain);
  assert.notDeepEqual(alice.balance(), before);
  alice.forget(hashes.id);
  assert.deepEqual(alice.balance(), before);
});

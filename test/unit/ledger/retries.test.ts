import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BitorchError, utf8 } from '#base';
import { Mempool } from '../../../src/ledger/mempool.ts';
import type { WalletChain } from '../../../src/ledger/wallet/chain.ts';
import { localChain } from '../../../src/ledger/wallet/local-chain.ts';
import type { FeeTier } from '../../../src/ledger/wallet/plan.ts';
import { submissionOf } from '../../../src/ledger/wallet/submission.ts';
import { Wallet } from '../../../src/ledger/wallet/wallet.ts';
import { grow, growTo, somebody } from '../../support/ledger/chain.ts';
import { chainOf, OPTIONS, realLedger, walletOf } from '../../support/ledger/wallets.ts';

const TORCH = 1_000_000_000n;
const CHEAP = { passes: 1, memoryKiB: 64 };

/** A chain whose node refuses with a code while it has one, or loses the answer. */
function moody(chain: WalletChain) {
  const mood: { code: string | undefined; silent: boolean } = { code: undefined, silent: false };
  const submit: WalletChain['submit'] = async (bytes) => {
    if (mood.code) return submissionOf(BitorchError.relayed(mood.code, 'not now'));
    const answer = await chain.submit(bytes);
    if (mood.silent) throw new BitorchError('NODE_MISSING', 'the node is gone');
    return answer;
  };
  return { mood, chain: { ...chain, submit } };
}

async function payerAndShop(name: string, outputs = 60) {
  const [payer, shop] = [walletOf(`${name} payer`), walletOf(`${name} shop`)];
  const ledger = realLedger([payer.address()], outputs);
  const { mood, chain } = moody(chainOf(ledger));
  await payer.scan(chain);
  const order = { payments: [{ to: shop.address(), amount: 100n * TORCH }] };
  const pay = async (change = {}) => {
    const plan = await payer.plan({ ...order, ...change }, chain);
    const transaction = await payer.sign(plan, chain);
    const { id, ...submission } = await payer.submit(transaction, chain);
    return { plan, transaction, id, submission };
  };
  return { payer, shop, ledger, mood, chain, order, pay };
}

test('a payment that a full pool has refused is pending; ordered again, it is paid once', async () => {
  const { payer, shop, mood, chain, pay } = await payerAndShop('full');
  mood.code = 'MEMPOOL_FULL';
  const first = await pay();
  assert.deepEqual(first.submission, { outcome: 'pending', code: 'MEMPOOL_FULL', message: 'not now' });
  assert.deepEqual(payer.history().at(-1)!.kind, 'pending');
  const second = await pay();
  mood.code = undefined;
  assert.equal((await pay()).submission.outcome, 'sent');
  await payer.scan(chain);
  await payer.remind(chain);
  await shop.scan(chain);
  assert.deepEqual(
    shop.owned.map(({ amount }) => amount),
    [100n * TORCH],
  );
  for (const { plan } of [first, second])
    assert.deepEqual(
      plan.spends.map(({ output, ring }) => [output.number, ring]),
      first.plan.spends.map(({ output, ring }) => [output.number, ring]),
    );
  assert.deepEqual(
    payer
      .history()
      .filter(({ id }) => id)
      .map(({ kind, change }) => [kind, change < 0n]),
    [
      ['sent', true],
      ['superseded', false],
      ['superseded', false],
    ],
  );
});

test('an answer that was lost says nothing: the payment is pending, and no second one comes of trying again', async () => {
  const { payer, shop, mood, chain, pay } = await payerAndShop('lost');
  mood.silent = true;
  const { submission } = await pay();
  assert.ok(submission.outcome === 'pending' && submission.code === 'NODE_MISSING');
  mood.silent = false;
  const again = await pay();
  assert.notEqual(again.submission.outcome, 'sent', 'a block holds the first one');
  for (const one of [payer, shop]) await one.scan(chain);
  assert.equal(shop.owned.length, 1);
  assert.deepEqual(
    payer.sent.map((entry) => payer.stateOf(entry)),
    ['sent', 'superseded'],
  );
});

test('an order that is repeated while its payment waits with the node is that payment, not another', async () => {
  const [payer, shop] = [walletOf('impatient'), walletOf('patient shop')];
  const ledger = realLedger([payer.address()], 40);
  const pool = new Mempool(ledger);
  const chain = localChain(ledger, (bytes) => pool.add(bytes));
  await payer.scan(chain);
  const pay = async (tier: FeeTier = 'normal') => {
    const order = { payments: [{ to: shop.address(), amount: TORCH }], tier };
    const transaction = await payer.sign(await payer.plan(order, chain), chain);
    return { transaction, ...(await payer.submit(transaction, chain)) };
  };
  const first = await pay();
  const second = await pay();
  assert.deepEqual([second.outcome, second.id], ['sent', first.id]);
  const dearer = await pay('high');
  assert.deepEqual(
    [dearer.outcome, dearer.id],
    ['sent', dearer.transaction.hashes.id],
    'a higher fee takes its place',
  );
  grow(ledger, ...pool.select());
  for (const one of [payer, shop]) await one.scan(chain);
  assert.equal(shop.owned.length, 1);
  assert.deepEqual(
    payer.sent.map((entry) => payer.stateOf(entry)),
    ['superseded', 'superseded', 'sent'],
  );
});

test('what breaks a rule is refused, and its money is free for another payment', async () => {
  const { payer, mood, chain, pay } = await payerAndShop('refused');
  const before = payer.balance();
  mood.code = 'TRANSACTION_INVALID';
  const { submission, transaction } = await pay();
  assert.ok(submission.outcome === 'refused' && submission.code === 'TRANSACTION_INVALID');
  assert.deepEqual(payer.balance(), before);
  const history = payer.history().at(-1)!;
  assert.deepEqual([history.kind, history.change, history.id], ['refused', 0n, transaction.hashes.id]);
  mood.code = undefined;
  await payer.remind(chain);
  assert.equal(payer.stateOf(payer.sent[0]!), 'refused', 'it is not handed in again');
});

test('a balance counts the change of several tries once, and the same payment is made twice where that is meant', async () => {
  const { payer, shop, mood, chain, pay } = await payerAndShop('twice');
  mood.code = 'MEMPOOL_FULL';
  await pay();
  const once = payer.balance();
  await pay();
  assert.deepEqual(payer.balance(), once);
  mood.code = undefined;
  await pay({ again: true });
  await payer.remind(chain);
  await payer.scan(chain);
  await shop.scan(chain);
  assert.equal(shop.owned.length, 2);
});

test('an output is hidden in the same ring however often it is tried to be spent', async () => {
  const payer = walletOf('ringer');
  const ledger = realLedger([payer.address(), somebody], 300);
  const chain = chainOf(ledger);
  await payer.scan(chain);
  const rings = new Map<number, string>();
  let met = 0;
  for (let n = 0; n < 12; n++) {
    const plan = await payer.plan({ payments: [{ to: somebody, amount: 100n * TORCH + BigInt(n) }] }, chain);
    const { hashes } = await payer.sign(plan, chain);
    payer.forget(hashes.id);
    for (const { output, ring } of plan.spends) {
      if (rings.has(output.number)) met++;
      assert.equal(rings.get(output.number) ?? ring.join(), ring.join());
      rings.set(output.number, ring.join());
    }
  }
  assert.ok(met > 0);
});

test('rings outlive a refusal, the file and another look at everything', async () => {
  const { payer, mood, chain, pay } = await payerAndShop('rings');
  mood.code = 'TRANSACTION_INVALID';
  const { plan } = await pay();
  const expected = new Map(plan.spends.map(({ output, ring }) => [output.number, ring]));
  const directory = await mkdtemp(join(tmpdir(), 'bitorch-rings-'));
  const path = join(directory, 'wallet');
  await payer.save(path, 'secret', CHEAP);
  const again = await Wallet.open(path, 'secret', OPTIONS);
  again.forgetFinds();
  await again.scan(chain);
  const sweep = (await again.planSweep(somebody, chain)).flatMap(({ spends }) => spends);
  const same = sweep.filter(({ output }) => expected.has(output.number));
  assert.equal(same.length, expected.size);
  for (const { output, ring } of same) assert.deepEqual(ring, expected.get(output.number));
  await rm(directory, { recursive: true });
});

test('nothing takes the secret of a payment away: neither a refusal nor another look at everything', async () => {
  const { payer, shop, mood, chain, pay } = await payerAndShop('secrets');
  // Refused by a node that keeps it, and brings it into a block later.
  mood.code = 'TRANSACTION_INVALID';
  const { transaction } = await pay();
  payer.forget(transaction.hashes.id);
  mood.code = undefined;
  await chain.submit(transaction.bytes);
  await payer.scan(chain);
  await shop.scan(chain);
  const prove = () => payer.proveSent(transaction.hashes.id, 0, utf8('invoice'), chain);
  assert.equal((await prove()).number, shop.owned[0]!.number);
  payer.forgetFinds();
  await payer.scan(chain);
  assert.equal((await prove()).number, shop.owned[0]!.number);
  assert.equal(payer.sent[0]!.height, shop.owned[0]!.height);
});

test('a transfer whose money another copy of the wallet has spent is not taken for paid', async () => {
  const { payer, shop, mood, chain, pay } = await payerAndShop('copies', 40);
  const copy = Wallet.restore(payer.words!, OPTIONS);
  await copy.scan(chain);
  mood.code = 'MEMPOOL_FULL';
  await pay();
  mood.code = undefined;
  const [all] = await copy.planSweep(somebody, chain);
  await copy.submit(await copy.sign(all!, chain), chain);
  await payer.scan(chain);
  await shop.scan(chain);
  assert.equal(shop.owned.length, 0);
  assert.deepEqual(
    payer.sent.map((entry) => payer.stateOf(entry)),
    ['superseded'],
  );
});

test('totals are read once: the next selection, or the next process, asks only for what is new', async () => {
  const { payer, ledger, chain, order } = await payerAndShop('totals');
  const asked: number[] = [];
  const counting: WalletChain = {
    ...chain,
    totals: (from) => {
      asked.push(from);
      return chain.totals(from);
    },
  };
  await payer.plan(order, counting);
  await payer.plan(order, counting);
  const directory = await mkdtemp(join(tmpdir(), 'bitorch-totals-'));
  const path = join(directory, 'wallet');
  await payer.save(path, 'secret', CHEAP);
  const again = await Wallet.open(path, 'secret', OPTIONS);
  growTo(ledger, ledger.head.height + 5);
  await again.plan(order, counting);
  assert.deepEqual(asked, [0, 1, 1], 'after the last block that made outputs, which is the genesis');
  await rm(directory, { recursive: true });
});

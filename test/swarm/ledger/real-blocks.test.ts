import assert from 'node:assert/strict';
import { test } from 'node:test';
import { supplyRecord } from '../../../src/ledger/accounts/index.ts';
import { Mempool } from '../../../src/ledger/mempool.ts';
import { localChain } from '../../../src/ledger/wallet/local-chain.ts';
import { dice, grow, growTo } from '../../support/ledger/chain.ts';
import { realLedger, walletOf } from '../../support/ledger/wallets.ts';

test('a hundred blocks of transfers with real proofs: all money is in the wallets, less what is burned', async () => {
  const wallets = ['ann', 'ben', 'cem', 'dora'].map(walletOf);
  const ledger = realLedger(wallets.map((wallet) => wallet.address()));
  const pool = new Mempool(ledger);
  const chain = localChain(ledger, (bytes) => pool.add(bytes));
  const roll = dice('real blocks');
  const scanAll = async () => {
    for (const wallet of wallets) await wallet.scan(chain);
  };
  await scanAll();
  let transfers = 0;
  while (transfers < 100) {
    const [from, to] = [wallets[roll(4)]!, wallets[roll(4)]!];
    const amount = BigInt(roll(900)) * 1_000_000_000n + 1n;
    const plan = await from.plan({ payments: [{ to: to.address(), amount }] }, chain);
    const transaction = await from.sign(plan, chain);
    await chain.submit(transaction.bytes);
    assert.throws(() => pool.add(transaction.bytes), { code: 'MEMPOOL_KNOWN' });
    transfers++;
    const block = pool.select();
    assert.equal(block.length, 1);
    grow(ledger, ...block);
    assert.throws(
      () => ledger.apply({ height: ledger.head.height + 1, transactions: block }),
      /already spent/,
    );
    pool.prune();
    await scanAll();
  }
  growTo(ledger, ledger.head.height + 3);
  await scanAll();
  const { minted, burned, shielded, open } = supplyRecord.bucket.get(ledger.state, null)!;
  const held = wallets.map((wallet) => wallet.balance().unlocked);
  assert.equal(
    held.reduce((sum, amount) => sum + amount, 0n),
    shielded,
  );
  assert.equal(minted, burned + shielded + open);
});

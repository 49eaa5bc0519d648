import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { BitorchError, createLog } from '#base';
import { defaultCurve } from '#crypto';
import { Wallet } from '#ledger';
import { localChain } from '../../../src/ledger/wallet/local-chain.ts';
import { OpenWallet } from '../../../src/ledger/wallet/open-wallet.ts';
import type { Faucet } from '../../../src/node/wallet/faucet.ts';
import { NodeWallet } from '../../../src/node/wallet/node-wallet.ts';
import { chainOf, OPTIONS, realLedger, walletOf } from '../../support/ledger/wallets.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

const cost = { passes: 1, memoryKiB: 64 };
const password = 'play money';
const TORCH = 1_000_000_000n;

async function world(path: string) {
  const payer = walletOf('founder');
  const chain = localChain(realLedger([payer.address()], 2), async () => assert.fail('nothing is sent'));
  const wallet = new NodeWallet(
    { path, network: OPTIONS.network },
    { chain, faucet: {} as Faucet, log: createLog('silent'), onChange: () => undefined },
  );
  return { payer, wallet };
}

test('a wallet that is older than its network opens on the first node that follows one', async (t) => {
  const path = join(await temporaryDirectory(t), 'wallet');
  const made = await OpenWallet.create({ path, password, cost });
  assert.equal(made.network, undefined);
  await made.close();
  const { wallet } = await world(path);
  const { state, address } = await wallet.unlock(password);
  assert.equal(state, 'open');
  assert.match(address!, /^torch1/);
  await wallet.stop();
});

test('a crash while the transfers of one payment are handed in leaves all of them to the next scan', async (t) => {
  const path = join(await temporaryDirectory(t), 'wallet');
  const [payer, shop] = [walletOf('payer of many'), walletOf('shop')];
  const ledger = realLedger([payer.address()], 70);
  const onChain = chainOf(ledger);
  const open = await OpenWallet.restore({ path, password, cost }, payer.words!, OPTIONS);
  await open.scan(onChain);
  const amount = 65_000n * TORCH;
  const plans = await open.plan(shop.addressText(), amount, onChain);
  assert.ok(plans.length > 1);
  /** The file as a crash at the first transfer leaves it. */
  let left: Promise<void> | undefined;
  const submit = async () => {
    left ??= copyFile(path, `${path}.left`);
    throw new BitorchError('NODE_MISSING', 'the node is gone');
  };
  await open.sendAll(plans, { ...onChain, submit });
  await left;
  await open.close();
  const again = await Wallet.open(`${path}.left`, password, { curve: defaultCurve() });
  await again.scan(onChain);
  await again.remind(onChain);
  await shop.scan(onChain);
  assert.equal(
    shop.owned.reduce((sum, output) => sum + output.amount, 0n),
    amount,
  );
});

test('a refusal ends a payment of several transfers: what was not handed in is given up, and its money is free', async (t) => {
  const path = join(await temporaryDirectory(t), 'wallet');
  const payer = walletOf('payer of many');
  const ledger = realLedger([payer.address()], 70);
  const onChain = chainOf(ledger);
  const open = await OpenWallet.restore({ path, password, cost }, payer.words!, OPTIONS);
  await open.scan(onChain);
  const plans = await open.plan(payer.addressText(), 65_000n * TORCH, onChain);
  let asked = 0;
  const submit = async () => {
    asked++;
    return { outcome: 'refused' as const, code: 'TRANSACTION_INVALID', message: 'no' };
  };
  const results = await open.sendAll(plans, { ...onChain, submit });
  assert.deepEqual([results.length, asked, plans.length > 1], [1, 1, true]);
  assert.equal(open.balance.unlocked, 70_000n * TORCH);
  await open.close();
});

test('a wallet is not restored from a block that the chain has not reached', async (t) => {
  const path = join(await temporaryDirectory(t), 'wallet');
  const { payer, wallet } = await world(path);
  const restore = (restoreHeight: number) => wallet.create({ password, words: payer.words!, restoreHeight });
  await assert.rejects(restore(1_000), { code: 'HEIGHT_BEYOND' });
  assert.equal(wallet.view().state, 'missing');
  await restore(0);
  await wallet.stop();
});

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLog } from '#base';
import { localChain } from '../../../src/ledger/wallet/local-chain.ts';
import type { Faucet } from '../../../src/node/wallet/faucet.ts';
import { NodeWallet } from '../../../src/node/wallet/node-wallet.ts';
import { OpenWallet } from '../../../src/node/wallet/open-wallet.ts';
import { OPTIONS, realLedger, walletOf } from '../../support/ledger/wallets.ts';
import { temporaryDirectory } from '../../support/swarm.ts';

const cost = { passes: 1, memoryKiB: 64 };
const password = 'play money';

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

test('a wallet is not restored from a block that the chain has not reached', async (t) => {
  const path = join(await temporaryDirectory(t), 'wallet');
  const { payer, wallet } = await world(path);
  const restore = (restoreHeight: number) => wallet.create({ password, words: payer.words!, restoreHeight });
  await assert.rejects(restore(1_000), { code: 'HEIGHT_BEYOND' });
  assert.equal(wallet.view().state, 'missing');
  await restore(0);
  await wallet.stop();
});

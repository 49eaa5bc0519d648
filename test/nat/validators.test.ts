import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ChainView, PaymentReceipt, WalletView } from '#node';
import { networkOf } from '../../src/consensus/application/genesis.ts';
import { loadValidatorKey } from '../../src/node/home/identity.ts';
import { eventually } from '../lab/homes.ts';
import { labProblem } from '../lab/nat-lab.ts';
import { startLab } from '../lab/node-lab.ts';
import { genesisFor, NAME } from '../support/consensus/test-genesis.ts';
import { TEST_PARAMETERS } from '../support/ledger/chain.ts';

const skip = labProblem() ?? false;
const WAIT_S = 120;
const PASSWORD = 'correct horse';
const TORCH = 1_000_000_000n;
/** Three of four equal validators hold more than two thirds of the power. */
const HOMES = ['first', 'second', 'third'] as const;

/** The genesis file of a chain whose validators are the public node and the homes. */
async function writeGenesis(folder: string): Promise<string> {
  const keys = [];
  for (const name of ['open', ...HOMES]) {
    await mkdir(join(folder, name), { recursive: true });
    keys.push(await loadValidatorKey(join(folder, name)));
  }
  const time = Date.now();
  const network = networkOf(NAME, time);
  const parameters = { ...TEST_PARAMETERS, network, mintMaturity: 2, epochBlocks: 1_000 };
  const path = join(folder, 'genesis.json');
  await writeFile(path, genesisFor(keys, { time, parameters }));
  return path;
}

test('three homes behind routers and a public node validate; the homes go on without it', {
  skip,
}, async (t) => {
  const { folder, lab, start, startPublic } = await startLab(t);
  const genesis = await writeGenesis(folder);
  const roles = ['validate'];
  const { open, joined } = await startPublic(roles, { genesis });
  const homes = [];
  for (const name of HOMES) {
    const place = lab.home('port-restricted', { loss: 0.01 });
    homes.push(await start(name, place, { ...joined, roles, genesis, walletPassword: PASSWORD }));
  }
  const [first, second] = homes;
  const chainOf = (node: typeof open) => node.ask<ChainView>({ type: 'chain' });
  const walletOf = (node: typeof open) => node.ask<WalletView>({ type: 'wallet' });

  await eventually(
    async () =>
      (await first!.network()).reach?.holePunched === 2 && (await second!.network()).reach?.holePunched === 2,
    'the homes are connected directly',
    WAIT_S,
  );
  await first!.ask({ type: 'faucet' });
  await eventually(
    async () => BigInt((await walletOf(first!)).balance?.spendable ?? 0) > TORCH,
    'the payment of the faucet is final and spendable',
    WAIT_S,
  );

  await open.kill();
  const { height } = await chainOf(first!);
  const to = (await walletOf(second!)).address!;
  const payment = await first!.ask<PaymentReceipt>({
    type: 'pay',
    to,
    amount: `${TORCH}`,
    password: PASSWORD,
  });
  assert.equal(payment.outcome, 'sent');
  await eventually(
    async () =>
      (await first!.ask<{ state: string } | null>({ type: 'payment', id: payment.id }))?.state === 'final',
    'a payment after the death of the public node is final',
    WAIT_S,
  );
  await eventually(
    async () => BigInt((await walletOf(second!)).balance?.total ?? 0) >= TORCH,
    'the payee has it',
    WAIT_S,
  );
  for (const home of homes)
    await eventually(
      async () => (await chainOf(home)).height > height + 3,
      'blocks go on in each home',
      WAIT_S,
    );
});

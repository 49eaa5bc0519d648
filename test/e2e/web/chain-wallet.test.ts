/** The pages of chain and wallet in a real browser, in front of a scripted node. */
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { pageTests, requireAccessible } from '../../support/page-tests.ts';
import {
  blockView,
  chainView,
  openWallet,
  PASSWORD,
  type ScriptedWallet,
  scriptedWallet,
  WORDS,
} from '../../support/scripted-chain.ts';

let wallet: ScriptedWallet;
const tests = pageTests(({ node }) => {
  wallet = scriptedWallet();
  node.chainView = chainView();
  node.purse = wallet;
});

afterEach(() => {
  assert.deepEqual(
    tests.open.errors.filter((error) => !/status of 403/.test(error)),
    [],
  );
});

const go = async (tab: string) => {
  await tests.open.page.getByRole('link', { name: tab }).click();
};

test('a node without a chain has no page of one', async () => {
  tests.server.node.chainView = undefined;
  tests.server.node.purse = undefined;
  await tests.open.page.reload();
  await tests.open.page.getByRole('banner').getByText('online').waitFor();
  assert.equal(await tests.open.page.getByRole('link', { name: 'Chain' }).count(), 0);
  assert.equal(await tests.open.page.getByRole('link', { name: 'Wallet' }).count(), 0);
});

test('the chain shows its figures and moves on with each block', async () => {
  const { page } = tests.open;
  await go('Chain');
  await page.getByRole('heading', { name: 'Chain devnet' }).waitFor();
  await page.getByText('214 ms', { exact: true }).first().waitFor();
  await page.getByText('Healthy: final in 0.2 s.').waitFor();
  await page.getByRole('row', { name: /Your computer.*33\.3 %/ }).waitFor();
  await page.getByText('jailed until 120').waitFor();
  tests.server.node.emit({ type: 'block', block: blockView(43) });
  await page.getByRole('rowheader', { name: '43', exact: true }).waitFor();
  assert.equal(await page.getByRole('rowheader', { name: '23', exact: true }).count(), 0);
  tests.server.node.emit({ type: 'block', block: { ...blockView(44), transactions: 0 } });
  tests.server.node.emit({ type: 'block', block: { ...blockView(45), transactions: 0 } });
  await page.getByRole('row', { name: '44–45 2 empty blocks' }).waitFor();
  await requireAccessible(tests.open.page, 'chain');
});

test('a chain that catches up or stands still says so', async () => {
  const { page } = tests.open;
  await go('Chain');
  tests.server.node.emit({ type: 'chain', chain: { ...chainView(), state: 'syncing', bestHeight: 1042 } });
  await page.getByText('block 42 of 1,042').waitFor();
  await page.getByText('Catching up with the other nodes.').waitFor();
  tests.server.node.emit({ type: 'chain', chain: { ...chainView(), state: 'halted' } });
  await page.getByRole('alert').getByText('bitorch chain blame').waitFor();
});

test('a first wallet: password, words, three of them asked back', async () => {
  const { page } = tests.open;
  await go('Wallet');
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByLabel('Repeat password').fill('something else');
  await page.getByRole('button', { name: 'Create wallet' }).click();
  await page.getByRole('alert').getByText('passwords differ').waitFor();
  await requireAccessible(tests.open.page, 'wallet-setup');
  await page.getByLabel('Repeat password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create wallet' }).click();
  await page.getByText(WORDS[23]!, { exact: true }).waitFor();
  await requireAccessible(tests.open.page, 'wallet-words');
  await page.getByRole('button', { name: 'I have written them down' }).click();
  for (const position of [3, 11, 20]) await page.getByLabel(`Word ${position}`, { exact: true }).fill('no');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByRole('alert').getByText('not the right words').waitFor();
  for (const position of [3, 11, 20]) {
    await page.getByLabel(`Word ${position}`, { exact: true }).fill(` Word${position} `);
  }
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('262.3456789 TORCH').waitFor();
  assert.deepEqual(wallet.calls, [['create', { password: PASSWORD }]]);
});

test('an old wallet comes back from its words', async () => {
  const { page } = tests.open;
  await go('Wallet');
  await page.getByRole('button', { name: 'I have backup words' }).click();
  // The node reads words however they are written.
  const words = ` ${WORDS.join('\n  ').toUpperCase()} `;
  await page.getByLabel('The 24 words').fill(words);
  await page.getByLabel('Scan from block').fill('17');
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByLabel('Repeat password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Restore wallet' }).click();
  await page.getByText('262.3456789 TORCH').waitFor();
  assert.deepEqual(wallet.calls, [['create', { password: PASSWORD, words, restoreHeight: 17 }]]);
});

test('a payment shows its cost, asks for the password, and is sent once', async () => {
  const { page } = tests.open;
  wallet.current = openWallet();
  await page.reload();
  await go('Wallet');
  await requireAccessible(tests.open.page, 'wallet');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByLabel('To', { exact: true }).fill('torch1qexample');
  await page.getByLabel('Amount in TORCH').fill('1,5');
  await page.getByRole('button', { name: 'Review payment' }).click();
  await page.getByRole('alert').getByText('not an amount').waitFor();
  await page.getByLabel('Amount in TORCH').fill('1.5');
  await page.getByRole('button', { name: 'Review payment' }).click();
  await page.getByText('1.50022 TORCH').waitFor();
  await requireAccessible(tests.open.page, 'wallet-confirm');
  await page.getByRole('button', { name: 'Edit payment' }).click();
  assert.equal(await page.getByLabel('To', { exact: true }).inputValue(), 'torch1qexample');
  assert.equal(await page.getByLabel('Amount in TORCH').inputValue(), '1.5');
  await go('Chain');
  await go('Wallet');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  assert.equal(await page.getByLabel('Amount in TORCH').inputValue(), '1.5', 'after a look at another page');
  await page.getByRole('button', { name: 'Review payment' }).click();
  await page.getByText('1.50022 TORCH').waitFor();
  const send = page.getByRole('region', { name: 'Send' });
  await send.getByLabel('Password').fill('wrong');
  await send.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('alert').getByText('not the password').waitFor();
  await send.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByText('Sent 1.5 TORCH').waitFor();
  assert.deepEqual(
    wallet.calls.filter(([method]) => method === 'send'),
    [
      [
        'send',
        { to: 'torch1qexample', amount: '1500000000', tier: 'normal', again: false, password: PASSWORD },
      ],
    ],
  );
  await page.getByText('once a block contains it, by block 142').waitFor();
  const { id } = await wallet.send({ to: '', amount: '0', tier: 'normal', password: PASSWORD });
  wallet.entries = [{ ...wallet.entries[0]!, id, height: 43, state: 'final' }];
  tests.server.node.emit({ type: 'wallet', wallet: { ...openWallet(), height: 43 } });
  await page.getByText('Sent 1.5 TORCH. It is final, in block 43.').waitFor();
});

test('test money is on its way until the balance shows it', async () => {
  const { page } = tests.open;
  wallet.current = openWallet();
  await page.reload();
  await go('Wallet');
  await page.getByRole('button', { name: 'Get test money' }).click();
  await page.getByText('On its way').waitFor();
  const { balance } = openWallet();
  tests.server.node.emit({
    type: 'wallet',
    wallet: { ...openWallet(), balance: { ...balance!, total: '362345678900' } },
  });
  await page.getByText('On its way').waitFor({ state: 'detached' });
});

test('addresses, proofs, backup and lock', async () => {
  const { page } = tests.open;
  wallet.current = openWallet();
  await page.reload();
  await go('Wallet');
  await page.getByRole('button', { name: 'Receive', exact: true }).click();
  await page.getByText('New address').click();
  await page.getByLabel('Label').fill('Shop');
  await page.getByRole('button', { name: 'Create' }).click();
  await page.getByText('Shop', { exact: true }).waitFor();
  await page.getByText('Prove this payment').first().click();
  await page.getByLabel('Text chosen by the verifier').first().fill('for the rent');
  await page.getByRole('button', { name: 'Make the proof' }).click();
  await page.getByRole('button', { name: 'Copy the proof' }).waitFor();
  assert.deepEqual(wallet.calls.at(-1), ['prove', { message: 'for the rent', output: 31 }]);
  await page.getByRole('heading', { name: 'Check a proof' }).click();
  await page.getByLabel('Proof', { exact: true }).fill('proof1abc');
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.getByText('The proof is valid: 250 TORCH').waitFor();
  await page.getByLabel('Proof', { exact: true }).fill('other');
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.getByText('The proof is not valid').waitFor();
  await page.getByRole('button', { name: 'Lock', exact: true }).click();
  await page.getByRole('heading', { name: 'Your wallet is locked' }).waitFor();
  await requireAccessible(tests.open.page, 'wallet-locked');
});

test('a draft in the chat outlives a look at the wallet', async () => {
  const { page } = tests.open;
  await page.getByRole('textbox', { name: 'Message' }).fill('half a question');
  await go('Wallet');
  await go('Chat');
  assert.equal(await page.getByRole('textbox', { name: 'Message' }).inputValue(), 'half a question');
});

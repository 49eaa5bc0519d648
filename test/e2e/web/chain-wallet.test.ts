/** The pages of chain and wallet in a real browser, in front of a scripted node. */
import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../../support/browser.ts';
import { buildPage, type OpenPage, openPage } from '../../support/page.ts';
import { type Running, startServer, TOKEN } from '../../support/page-server.ts';
import {
  blockView,
  chainView,
  openWallet,
  PASSWORD,
  type ScriptedWallet,
  scriptedWallet,
  WORDS,
} from '../../support/scripted-chain.ts';

const PHONE = { width: 320, height: 640 };
/** Where to leave pictures for people to look at; none when absent. */
const PICTURES = process.env.BITORCH_PICTURES;

let webRoot: string;
let browser: Browser;
let server: Running;
let wallet: ScriptedWallet;
let open: OpenPage;

before(async () => {
  [webRoot, browser] = await Promise.all([buildPage(), launchBrowser()]);
});
after(async () => {
  await browser?.close();
  await rm(webRoot, { recursive: true, force: true });
});
beforeEach(async () => {
  server = await startServer(webRoot);
  wallet = scriptedWallet();
  server.node.chainView = chainView();
  server.node.purse = wallet;
  open = await openPage(browser, `${server.url}/#token=${TOKEN}`);
});
afterEach(async () => {
  assert.deepEqual(
    open.errors.filter((error) => !/status of 403/.test(error)),
    [],
  );
  await open.close();
  await server.stop();
});

async function requireAccessible(name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const viewport of [{ width: 1280, height: 900 }, PHONE]) {
      await open.page.emulateMedia({ colorScheme });
      await open.page.setViewportSize(viewport);
      const { violations } = await new AxeBuilder({ page: open.page })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
        .analyze();
      assert.deepEqual(
        violations.map(({ id, nodes }) => [id, nodes[0]?.html]),
        [],
        `${name}, ${colorScheme}, ${viewport.width} px`,
      );
      const wide = await open.page.evaluate('document.documentElement.scrollWidth > innerWidth');
      assert.equal(wide, false, `${name} is wider than ${viewport.width} px`);
      if (PICTURES) {
        await mkdir(PICTURES, { recursive: true });
        const path = `${PICTURES}/${name}-${colorScheme}-${viewport.width}.png`;
        await open.page.screenshot({ path, fullPage: true });
      }
    }
  }
  await open.page.setViewportSize({ width: 1280, height: 900 });
}

const go = async (tab: string) => {
  await open.page.getByRole('link', { name: tab }).click();
};

test('a node without a chain has no page of one', async () => {
  server.node.chainView = undefined;
  server.node.purse = undefined;
  await open.page.reload();
  await open.page.getByRole('banner').getByText('online').waitFor();
  assert.equal(await open.page.getByRole('link', { name: 'Chain' }).count(), 0);
  assert.equal(await open.page.getByRole('link', { name: 'Wallet' }).count(), 0);
});

test('the chain shows its figures and moves on with each block', async () => {
  const { page } = open;
  await go('Chain');
  await page.getByRole('heading', { name: 'Chain devnet' }).waitFor();
  await page.getByText('214 ms', { exact: true }).first().waitFor();
  await page.getByRole('row', { name: /ember \(you\).*33\.3 %/ }).waitFor();
  await page.getByText('jailed to 120').waitFor();
  server.node.emit({ type: 'block', block: blockView(43) });
  await page.getByRole('rowheader', { name: '43', exact: true }).waitFor();
  assert.equal(await page.getByRole('rowheader', { name: '23', exact: true }).count(), 0);
  await requireAccessible('chain');
});

test('a chain that catches up or stands still says so', async () => {
  const { page } = open;
  await go('Chain');
  server.node.emit({ type: 'chain', chain: { ...chainView(), state: 'syncing', bestHeight: 1042 } });
  await page.getByText('block 42 of 1,042').waitFor();
  server.node.emit({ type: 'chain', chain: { ...chainView(), state: 'halted' } });
  await page.getByRole('alert').getByText('bitorch chain blame').waitFor();
});

test('a first wallet: password, words, three of them asked back', async () => {
  const { page } = open;
  await go('Wallet');
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByLabel('The password again').fill('something else');
  await page.getByRole('button', { name: 'Make the wallet' }).click();
  await page.getByRole('alert').getByText('passwords differ').waitFor();
  await requireAccessible('wallet-setup');
  await page.getByLabel('The password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Make the wallet' }).click();
  await page.getByText(WORDS[23]!, { exact: true }).waitFor();
  await requireAccessible('wallet-words');
  await page.getByRole('button', { name: 'I have written them down' }).click();
  for (const position of [3, 11, 20]) await page.getByLabel(`Word ${position}`, { exact: true }).fill('no');
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByRole('alert').getByText('Not the right words').waitFor();
  for (const position of [3, 11, 20]) {
    await page.getByLabel(`Word ${position}`, { exact: true }).fill(` Word${position} `);
  }
  await page.getByRole('button', { name: 'Check' }).click();
  await page.getByText('262.3456789 TORCH').waitFor();
  assert.deepEqual(wallet.calls, [['create', { password: PASSWORD }]]);
});

test('an old wallet comes back from its words', async () => {
  const { page } = open;
  await go('Wallet');
  await page.getByRole('button', { name: 'I have the words' }).click();
  await page.getByLabel('The 24 words').fill(` ${WORDS.join('\n  ').toUpperCase()} `);
  await page.getByLabel('Look from block').fill('17');
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByLabel('The password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Restore the wallet' }).click();
  await page.getByText('262.3456789 TORCH').waitFor();
  assert.deepEqual(wallet.calls, [
    ['create', { password: PASSWORD, words: WORDS.join(' '), restoreHeight: 17 }],
  ]);
});

test('a payment shows its cost, asks for the password, and is sent once', async () => {
  const { page } = open;
  wallet.current = openWallet();
  await page.reload();
  await go('Wallet');
  await requireAccessible('wallet');
  await page.getByLabel('To', { exact: true }).fill('torch1qexample');
  await page.getByLabel('Amount in TORCH').fill('1,5');
  await page.getByRole('button', { name: 'Look at the cost' }).click();
  await page.getByRole('alert').getByText('no amount').waitFor();
  await page.getByLabel('Amount in TORCH').fill('1.5');
  await page.getByRole('button', { name: 'Look at the cost' }).click();
  await page.getByText('1.50022 TORCH').waitFor();
  await requireAccessible('wallet-confirm');
  const send = page.getByRole('region', { name: 'Send' });
  await send.getByLabel('Password').fill('wrong');
  await send.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('alert').getByText('not the password').waitFor();
  await send.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByText('Sent 1.5 TORCH').waitFor();
  assert.deepEqual(
    wallet.calls.filter(([method]) => method === 'send'),
    [['send', { to: 'torch1qexample', amount: '1500000000', tier: 'normal', password: PASSWORD }]],
  );
  await page.getByText('as soon as a block holds it, by block 142').waitFor();
  const { id } = await wallet.send({ to: '', amount: '0', tier: 'normal', password: PASSWORD });
  wallet.entries = [{ ...wallet.entries[0]!, id, height: 43, state: 'final' }];
  server.node.emit({ type: 'wallet', wallet: { ...openWallet(), height: 43 } });
  await page.getByText('Sent 1.5 TORCH. It is final, in block 43.').waitFor();
});

test('test money is on its way until the balance shows it', async () => {
  const { page } = open;
  wallet.current = openWallet();
  await page.reload();
  await go('Wallet');
  await page.getByRole('button', { name: 'Get test money' }).click();
  await page.getByText('On its way').waitFor();
  const { balance } = openWallet();
  server.node.emit({
    type: 'wallet',
    wallet: { ...openWallet(), balance: { ...balance!, total: '362345678900' } },
  });
  await page.getByText('On its way').waitFor({ state: 'detached' });
});

test('addresses, proofs, backup and lock', async () => {
  const { page } = open;
  wallet.current = openWallet();
  await page.reload();
  await go('Wallet');
  await page.getByText('One more address').click();
  await page.getByLabel('For whom or what').fill('Shop');
  await page.getByRole('button', { name: 'Make it' }).click();
  await page.getByText('Shop', { exact: true }).waitFor();
  await page.getByText('Prove it').first().click();
  await page.getByLabel('Words of whoever asks').first().fill('for the rent');
  await page.getByRole('button', { name: 'Make the proof' }).click();
  await page.getByRole('button', { name: 'Copy the proof' }).waitFor();
  assert.deepEqual(wallet.calls.at(-1), ['prove', { message: 'for the rent', output: 31 }]);
  await page.getByRole('heading', { name: 'Check a proof' }).click();
  await page.getByLabel('Proof', { exact: true }).fill('proof1abc');
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.getByText('It holds: 250 TORCH').waitFor();
  await page.getByLabel('Proof', { exact: true }).fill('other');
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.getByText('The proof does not hold').waitFor();
  await page.getByRole('button', { name: 'Lock' }).click();
  await page.getByRole('heading', { name: 'Your wallet is locked' }).waitFor();
  await requireAccessible('wallet-locked');
});

test('a draft in the chat outlives a look at the wallet', async () => {
  const { page } = open;
  await page.getByRole('textbox', { name: 'Message' }).fill('half a question');
  await go('Wallet');
  await go('Chat');
  assert.equal(await page.getByRole('textbox', { name: 'Message' }).inputValue(), 'half a question');
});

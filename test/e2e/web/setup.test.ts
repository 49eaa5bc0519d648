/** Joining, inviting and setting up a computer on the page, in front of a scripted node. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitorchError } from '#base';
import { pageTests, requireAccessible, requireAccessibleNow } from '../../support/page-tests.ts';
import { chainView, PASSWORD, scriptedWallet } from '../../support/scripted-chain.ts';
import { network } from '../../support/scripted-node.ts';

const tests = pageTests();

const LONG = `bitorch://join?${'Ab3_-xYz9'.repeat(70)}`;

/** A network of this computer alone. */
function aloneView() {
  const { self, nodes } = network();
  return { self, notices: [], nodes: nodes.filter((one) => one.self), models: [], transfers: [] };
}

/** Gives this computer a network that has no other one. */
async function beAlone() {
  const { node } = tests.server;
  node.view = aloneView();
  await tests.open.page.reload();
  await tests.open.page.getByRole('heading', { name: 'Join a network' }).waitFor();
}

test('a computer without a network joins by a pasted invite, and is told what is wrong with one', async () => {
  const { page } = tests.open;
  const { node } = tests.server;
  await beAlone();
  await requireAccessible(page, 'alone');
  const refusals = [
    [
      'INVITE_INVALID',
      'this is not a complete invite: it is cut off. Copy it again as a whole',
      'it is cut off',
    ],
    ['INVITE_EXPIRED', 'this invite expired on 2026-10-01: ask for a new one', 'expired on 2026-10-01'],
    ['INVITE_FOREIGN', 'this invite is for another network than the one of /x', 'is for another network'],
    ['JOIN_UNREACHABLE', 'no node of the invite can be reached', 'None of the computers in this invite'],
  ] as const;
  const asked: string[] = [];
  for (const [code, message, shown] of refusals) {
    node.join = async (invite) => {
      asked.push(invite);
      throw new BitorchError(code, message);
    };
    await page.getByRole('textbox', { name: 'Invite' }).fill(` ${code} `);
    await page.getByRole('button', { name: 'Join' }).click();
    await page.getByRole('alert').getByText(shown).waitFor();
  }
  await requireAccessibleNow(page, 'join-refused');
  node.join = async (invite, options) => {
    asked.push(invite);
    if (!options?.acceptRisks)
      throw new BitorchError(
        'INVITE_RISKY',
        'Nobody checks the models. If you trust them, join again with --yes',
      );
    node.view = network();
  };
  await page.getByRole('textbox', { name: 'Invite' }).fill(LONG);
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByRole('alert').getByText('Nobody checks the models.', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Join anyway' }).click();
  await page.getByText('Joined. Your node starts again').waitFor();
  assert.deepEqual(asked, [...refusals.map(([code]) => ` ${code} `), LONG, LONG]);
  node.emit({ type: 'network', network: network() });
  await page.getByRole('button', { name: 'What is the capital of France?' }).waitFor();
});

test('an invite is shown as a link and as a QR code, and a second one can be pasted', async () => {
  const { page } = tests.open;
  tests.server.node.invite = () => LONG;
  await page.getByRole('link', { name: 'Network' }).click();
  await page.getByRole('button', { name: 'Invite' }).click();
  await page.getByText(LONG).waitFor();
  await page.locator('.qr path[d^="M"]').waitFor();
  await page.getByText('Join by an invite').click();
  await page.getByRole('textbox', { name: 'Invite' }).waitFor();
  await requireAccessible(page, 'invite');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy the command' }).click();
  assert.equal(await page.evaluate('navigator.clipboard.readText()'), `bitorch start "${LONG}"`);
});

test('a node that others cannot reach says how it can invite', async () => {
  const { page } = tests.open;
  tests.server.node.invite = () => {
    throw new BitorchError('INVITE_UNREACHABLE', 'other machines cannot reach this node');
  };
  await page.getByRole('link', { name: 'Network' }).click();
  await page.getByRole('button', { name: 'Invite' }).click();
  await page.getByText('bitorch start --listen /ip4/0.0.0.0/tcp/4001').waitFor();
});

test('the check-up shows what bitorch doctor finds, to copy', async () => {
  const { page } = tests.open;
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByText('1 thing needs your attention.').waitFor();
  await page.getByText('0.1 GB free.').waitFor();
  await page.getByText('Free some.').waitFor();
  await requireAccessibleNow(page, 'check-up');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy the report' }).click();
  const report = String(await page.evaluate('navigator.clipboard.readText()'));
  assert.match(report, /^problem {2}disk {7}0\.1 GB free$/m);
  assert.match(report, /^ {20}fix: free some$/m);
  tests.server.node.doctor = async () => ({
    healthy: true,
    checks: [{ name: 'reach', state: 'ok', text: 'others connect directly to this computer' }],
  });
  await page.getByRole('button', { name: 'Check again' }).click();
  await page.getByText('Everything is in order.').waitFor();
  await page.getByText('Others connect directly to this computer.').waitFor();
  assert.equal(await page.title(), 'Settings · Bitorch');
});

/** A computer on which nothing was set up. */
async function beNew() {
  const { node } = tests.server;
  const measured = node.setupView;
  const steps = measured.steps.map(({ name }) => ({ name, state: 'open' as const }));
  node.setupView = { ...measured, steps, next: 'network', hasNetwork: false, measurement: { state: 'none' } };
  node.view = aloneView();
  await tests.open.page.goto('about:blank');
  await tests.open.page.goto(tests.server.url);
  await tests.open.page.getByText('Step 1 of 5').waitFor();
  return {
    /** The measurement ends; all roles that are offered suit this computer. */
    measured: () => {
      const roles = measured.roles.map((offer) => ({ ...offer, proposed: true }));
      node.setupView = { ...node.setupView, roles, measurement: measured.measurement };
    },
  };
}

test('the setup leads through network, roles, limits, wallet and reach', async () => {
  const { page } = tests.open;
  const { node } = tests.server;
  const { measured } = await beNew();
  const heading = (name: string) => page.getByRole('heading', { name }).waitFor();

  await heading('Join a network');
  await requireAccessible(page, 'setup-network');
  node.join = async () => {
    node.chainView = chainView();
    node.purse = scriptedWallet();
    node.view = network();
  };
  await page.getByRole('textbox', { name: 'Invite' }).fill(LONG);
  await page.getByRole('button', { name: 'Join' }).click();

  await heading('What should this computer do?');
  await page.getByText('Measuring the processor.').waitFor();
  measured();
  await page.getByText('8 processor cores').waitFor();
  assert.equal(await page.getByLabel('Run models').isChecked(), true, 'what the measurement proposes');
  await requireAccessible(page, 'setup-roles');
  await page.getByLabel('Share models').check();
  await page.getByRole('button', { name: 'Continue' }).click();

  await heading('How much may it give?');
  assert.deepEqual(node.settingsView.roles, ['client', 'seed', 'run']);
  await requireAccessibleNow(page, 'setup-limits');
  await page.getByLabel('Disk space').fill('20');
  await page.getByRole('button', { name: 'Continue' }).click();

  await heading('Your wallet');
  assert.equal(node.settingsView.limits.diskBytes, 20e9);
  node.emit({ type: 'wallet', wallet: node.purse!.view() });
  await page.getByLabel('New password').fill(PASSWORD);
  await page.getByLabel('Repeat password').fill(PASSWORD);
  await requireAccessibleNow(page, 'setup-wallet');
  await page.getByRole('button', { name: 'Create wallet' }).click();
  await page.getByRole('button', { name: 'I have written them down' }).click();
  for (const position of [3, 11, 20])
    await page.getByLabel(`Word ${position}`, { exact: true }).fill(`word${position}`);
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.getByText('Your wallet is ready, and its words are written down.').waitFor();
  await page.getByRole('button', { name: 'Continue' }).click();

  await heading('Can others reach it?');
  await page.getByText('1 thing needs your attention.').waitFor();
  await requireAccessible(page, 'setup-reach');
  await page.getByRole('button', { name: 'Finish' }).click();

  await heading('This computer is set up');
  await page.getByText('It does this: Chat, Share models, Run models.').waitFor();
  await page.waitForFunction(() => document.querySelectorAll('.steps [data-state="done"]').length === 5);
  assert.equal(node.setupView.next, null);
  await requireAccessibleNow(page, 'setup-done');
});

test('the setup is left and taken up again, and skipped as a whole', async () => {
  const { page } = tests.open;
  const { node } = tests.server;
  await beNew();
  await page.getByRole('heading', { name: 'Join a network' }).waitFor();
  await page.getByRole('button', { name: 'Skip this step' }).click();
  await page.getByRole('heading', { name: 'What should this computer do?' }).waitFor();
  await page.getByRole('link', { name: 'Chat' }).click();
  await page.getByText('4 steps left.').waitFor();
  await page.reload();
  await page.getByRole('link', { name: 'Set up this computer' }).click();
  await page.getByRole('heading', { name: 'What should this computer do?' }).waitFor();
  await page.getByRole('link', { name: 'Back' }).click();
  await page.getByRole('heading', { name: 'Join a network' }).waitFor();
  await page.getByRole('button', { name: 'Skip the setup' }).click();
  await page.getByText('Set up this computer').waitFor({ state: 'detached' });
  await page.waitForFunction(() => location.hash === '#/chat');
  assert.deepEqual(
    node.setupView.steps.map(({ state }) => state),
    ['skipped', 'skipped', 'skipped', 'skipped', 'skipped'],
  );
});

test('what was done while the node starts again is recorded when it is back', async () => {
  const { page } = tests.open;
  const { node } = tests.server;
  await beNew();
  await page.getByRole('textbox', { name: 'Invite' }).fill(LONG);
  const paused = Promise.withResolvers<() => Promise<void>>();
  await page.route('**/api/network/join', async (route) => {
    paused.resolve(await tests.server.pause());
    await route.fulfill({ json: { joined: true } });
  });
  await page.getByRole('button', { name: 'Join' }).click();
  await page.getByText('Your node is starting again.').waitFor();
  const resume = await paused.promise;
  await page.getByRole('heading', { name: 'What should this computer do?' }).waitFor();
  await resume();
  await page.waitForFunction(() => document.querySelectorAll('.steps [data-state="done"]').length === 1);
  assert.equal(node.setupView.steps[0]!.state, 'done');
});

test('roles and limits are changed while the node runs', async () => {
  const { page } = tests.open;
  const { node } = tests.server;
  await page.getByRole('link', { name: 'Settings' }).click();
  const roles = page.getByRole('region', { name: 'What this computer does' });
  await roles.getByRole('button', { name: 'Save', disabled: true }).waitFor();
  await roles.getByLabel('Run models').check();
  await roles.getByLabel('Chat').uncheck();
  await roles.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved. Your node starts again').waitFor();
  assert.deepEqual(node.settingsView.roles, ['seed', 'run']);
  const limits = page.getByRole('region', { name: 'Limits' });
  await limits.getByLabel('Upload, in kB/s').fill('fast');
  await limits.getByRole('button', { name: 'Save' }).click();
  await limits.getByRole('alert').getByText('Upload must be a whole number').waitFor();
  await requireAccessible(page, 'settings');
  await limits.getByLabel('Upload, in kB/s').fill('500');
  await limits.getByLabel('Disk space').fill('2.5');
  await limits.getByLabel('from').fill('22:00');
  await limits.getByLabel('to', { exact: true }).fill('07:00');
  await limits.getByLabel('Pause on battery').check();
  await limits.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.', { exact: true }).waitFor();
  assert.deepEqual(node.settingsView.limits, {
    ...{ diskBytes: 2_500_000_000, uploadRate: 500, downloadRate: null },
    ...{ hours: '22:00-07:00', pauseOnBattery: true },
  });
  node.settingsView = {
    ...node.settingsView,
    fixed: ['roles', 'uploadRate'],
    paused: 'hours',
    power: 'unknown',
  };
  await page.reload();
  await limits.getByText('At this time of day').waitFor();
  assert.equal(await roles.getByLabel('Chat').isDisabled(), true);
  assert.equal(await limits.getByLabel('Upload, in kB/s').isDisabled(), true);
  assert.equal(await limits.getByLabel('Pause on battery').isDisabled(), true);
  await requireAccessibleNow(page, 'settings-fixed');
});

test('a draft outlives the tab, and ends when it is sent or the browser signs out', async () => {
  const { page } = tests.open;
  const prompt = (at = page) => at.getByRole('textbox', { name: 'Message' });
  await prompt().fill('half a question');
  const other = await page.context().newPage();
  await page.close();
  await other.goto(tests.server.url);
  await prompt(other).waitFor();
  assert.equal(await prompt(other).inputValue(), 'half a question');
  await other.getByRole('button', { name: 'Sign out' }).click();
  await other.getByLabel('API token').waitFor();
  assert.deepEqual(await other.evaluate('Object.keys(localStorage)'), []);
});

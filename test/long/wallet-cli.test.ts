/** `bitorch wallet …` as a shell sees it, over HTTP to a real ledger. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BitorchError, tryLockFile } from '#base';
import { Mempool } from '../../src/ledger/mempool.ts';
import { parseAddress } from '../../src/ledger/wallet/address.ts';
import { localChain } from '../../src/ledger/wallet/local-chain.ts';
import { curve, grow, growTo, TEST_PARAMETERS } from '../support/ledger/chain.ts';
import { type ChainServer, serveChain } from '../support/ledger/chain-server.ts';
import { realLedger, walletOf } from '../support/ledger/wallets.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const TORCH = 1_000_000_000n;

const faucet = walletOf('cli faucet');
const ledger = realLedger([faucet.address()], 40);
const pool = new Mempool(ledger);
/** The node has no room for what is handed in. */
let full = false;
const chain = localChain(ledger, (bytes) => {
  if (full) throw new BitorchError('MEMPOOL_FULL', 'the pool is full');
  pool.add(bytes);
});
let server: ChainServer;
let passwordFile: string;

before(async () => {
  server = await serveChain(chain);
  passwordFile = join(server.home, 'password');
  await writeFile(passwordFile, 'correct horse\n');
});
after(() => server.stop());

interface Run {
  readonly wallet?: string;
  readonly home?: string;
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs the program to its end. */
function wallet(args: readonly string[], { wallet = 'mine', home, input, env }: Run = {}) {
  const child = spawn(process.execPath, [MAIN, 'wallet', ...args], {
    env: {
      ...process.env,
      BITORCH_HOME: home ?? server.home,
      BITORCH_WALLET: join(server.home, wallet),
      BITORCH_WALLET_PASSWORD_FILE: passwordFile,
      ...env,
    },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  child.stdin.end(input ?? '');
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, out: out.trimEnd(), err }));
  });
}

/** The same, when it has to work: what it printed. */
async function ok(args: readonly string[], run: Run = {}): Promise<string> {
  const { code, out, err } = await wallet(args, run);
  assert.equal(code, 0, `${args.join(' ')}: ${err}`);
  return out;
}

async function refused(args: readonly string[], exit: number, why: RegExp, run: Run = {}): Promise<void> {
  const { code, err } = await wallet(args, run);
  assert.match(err, why);
  assert.equal(code, exit, err);
}

/** What waits goes into a block, and becomes old enough to be spent. */
function mine(): void {
  grow(ledger, ...pool.select());
  pool.prune();
  growTo(ledger, ledger.head.height + TEST_PARAMETERS.maturity);
}

const balance = async (run: Run = {}) => JSON.parse(await ok(['balance', '--json'], run));

test('create, be paid, send, prove, sweep, restore, watch', async () => {
  const created = await ok(['create']);
  assert.match(created, /network {2}07070707/);
  assert.equal(
    created
      .split('\n')
      .slice(-4)
      .join(' ')
      .match(/\d+ [a-z]{3,8}\b/g)?.length,
    24,
  );
  assert.equal((await stat(join(server.home, 'mine'))).mode & 0o777, 0o600);
  await refused(['create'], 1, /a wallet already exists at .*: choose another --wallet \[WALLET_EXISTS\]/);

  const rent = await ok(['address', 'new', 'rent']);
  assert.match(await ok(['address']), /^ {3}0 {2}torch1\w+ {2}primary\n {3}1 {2}torch1\w+ {2}rent$/);
  await faucet.scan(chain);
  const to = parseAddress(rent, TEST_PARAMETERS.network, curve);
  const paying = await faucet.plan({ payments: [{ to, amount: 500n * TORCH }] }, chain);
  await chain.submit((await faucet.sign(paying, chain)).bytes);
  mine();
  assert.equal((await balance()).unlocked, `${500n * TORCH}`);
  assert.match(await ok(['info']), /^unlocked {2}500 TORCH\nlocked {4}0 TORCH\n/);

  await refused(['send', faucet.addressText(), '1.5'], 1, /fee .*nothing was sent: add --yes/s);
  assert.equal(pool.size, 0);
  const id = await ok(['send', faucet.addressText(), '1.5', '--fee', 'low', '--yes']);
  assert.match(id, /^[0-9a-f]{64}$/);
  await refused(['send', faucet.addressText(), '1', '--yes'], 1, /not enough unlocked money/);
  mine();
  const history = await ok(['history']);
  assert.match(history, /received +500 TORCH {2}output \d+, address 1 rent\n/);
  assert.match(history, new RegExp(`sent +-1\\.5\\d+ TORCH  transfer ${id}, fee 0\\.\\d+ TORCH$`));

  full = true;
  const shop = walletOf('cli shop');
  const order = ['send', shop.addressText(), '2', '--yes'];
  const first = await wallet(order);
  assert.equal(first.code, 4, first.err);
  assert.match(first.err, /pending: the pool is full \[MEMPOOL_FULL\]/);
  assert.match(await ok(['history']), /not in a block +pending +-2\.\d+ TORCH/);
  full = false;
  await ok(order);
  mine();
  await shop.scan(chain);
  assert.equal(shop.owned.length, 1, 'ordered twice, paid once');

  const proof = await ok(['prove', id, '--words', 'invoice 7']);
  const proven = await ok(['check-proof', proof, faucet.addressText(), '--words', 'invoice 7']);
  assert.match(proven, /^proven: 1\.5 TORCH in block \d+ to torch1\w+$/);
  await refused(['check-proof', proof, faucet.addressText()], 1, /made with another text/);
  await refused(['check-proof', proof, rent, '--words', 'invoice 7'], 1, /to another address: torch1/);
  await refused(['check-proof', proof.slice(0, -1), faucet.addressText()], 1, /PAYMENT_PROOF_INVALID/);
  const output = /output (\d+),/.exec(history)![1]!;
  const received = await ok(['prove', output, '--received']);
  assert.match(await ok(['check-proof', received, rent]), /^proven: 500 TORCH/);

  const viewKey = await ok(['export-view-key']);
  await ok(['watch'], { wallet: 'watching', input: viewKey });
  const watched = await balance({ wallet: 'watching' });
  assert.ok(watched.viewOnly && BigInt(watched.unlocked) > 500n * TORCH, 'it sees both, the spent one too');
  await refused(['words'], 1, /WALLET_VIEW_ONLY/, { wallet: 'watching' });
  await refused(['send', rent, '1', '--yes'], 1, /WALLET_VIEW_ONLY/, { wallet: 'watching' });

  const words = await ok(['words', '--plain']);
  await ok(['restore'], { wallet: 'again', input: words });
  const before = await balance();
  assert.deepEqual({ ...(await balance({ wallet: 'again' })), path: before.path }, before);
  await ok(['restore', '--height', '6'], { wallet: 'later', input: words });
  assert.ok(BigInt((await balance({ wallet: 'later' })).unlocked) < 500n * TORCH, 'only the change is later');

  await ok(['sweep', faucet.addressText(), '--yes']);
  mine();
  assert.deepEqual([(await balance()).unlocked, (await balance()).locked], ['0', '0']);
  assert.match(await ok(['rescan']), /^scanned to block \d+ of 07070707$/);
});

test('without a node: what works works, what cannot says how to start one and ends with 3', async () => {
  const home = join(server.home, 'elsewhere');
  const alone = { wallet: 'alone', home };
  assert.match(await ok(['create'], { ...alone, wallet: 'unbound' }), /network {2}not set yet/);
  await refused(['address'], 1, /does not know its network: scan with a node first/, {
    ...alone,
    wallet: 'unbound',
  });
  assert.match(
    await ok(['create', '--network', '64657631'], alone),
    /network {2}64657631\naddress {2}torch1/,
  );
  await ok(['address', 'new', 'shop'], alone);
  await ok(['address', 'label', '1', 'café'], alone);
  assert.match(await ok(['address', 'list'], alone), /café$/);
  const { out, err } = await wallet(['info'], alone);
  assert.match(err, /no node is running on .*: start one with "bitorch start"/);
  assert.match(out, /unlocked {2}0 TORCH/);
  await refused(['send', faucet.addressText(), '1', '--yes'], 3, /NODE_MISSING/, alone);
  await refused(['info'], 1, /the wallet belongs to network 64657631, the node to network 07070707/, {
    wallet: 'alone',
  });
  assert.match(await ok(['info'], { wallet: 'unbound' }), /network {3}07070707/);
});

test('passwords: wrong, missing, empty, changed; the file stays as it was', async () => {
  const run = { wallet: 'locked' };
  await ok(['create'], run);
  const path = join(server.home, 'locked');
  const bytes = await readFile(path);
  const wrong = { ...run, env: { BITORCH_WALLET_PASSWORD_FILE: '', BITORCH_WALLET_PASSWORD: 'wrong' } };
  await refused(['address', 'new', 'x'], 1, /PASSWORD_WRONG/, wrong);
  const none = { ...run, env: { BITORCH_WALLET_PASSWORD_FILE: '' } };
  await refused(['info'], 1, /give it with --password-file <file> or BITORCH_WALLET_PASSWORD/, none);
  const missing = { ...run, env: { BITORCH_WALLET_PASSWORD_FILE: join(server.home, 'nothing') } };
  await refused(['info'], 1, /nothing does not exist/, missing);
  assert.deepEqual(await readFile(path), bytes);
  await ok(['change-password'], { ...run, env: { BITORCH_NEW_WALLET_PASSWORD: 'battery staple' } });
  await refused(['info'], 1, /PASSWORD_WRONG/, run);
  const renewed = { BITORCH_WALLET_PASSWORD_FILE: '', BITORCH_WALLET_PASSWORD: 'battery staple' };
  await ok(['info'], { ...run, env: renewed });
});

test('bad input: each error says what to do', async () => {
  const run = { wallet: 'bad' };
  await refused(['info'], 1, /there is no wallet at .*: create or restore one/, run);
  await refused(['restore'], 1, /24 are needed, not 2/, { ...run, input: 'zoo zoo' });
  await refused(['watch'], 1, /VIEW_KEY_INVALID/, { ...run, input: 'torchview1qqqq' });
  await refused(['create', '--network', 'main'], 1, /--network main: must be its 8 hexadecimal digits/, run);
  await refused(['send', 'torch1', '1,5'], 1, /"1,5" is not an amount: write TORCH as 12 or 0\.5/, run);
  const unlock = await tryLockFile(join(server.home, 'bad.in-use'));
  await refused(['info'], 1, /is open in another program, .*: close it there first/, run);
  unlock!();
});

const hasScript = spawnSync('script', ['--version']).status === 0;
const skip = hasScript ? false : 'skipped: util-linux has no "script" here to make a terminal with';

test('on a terminal the password is asked for twice and never shown', { skip }, async () => {
  const path = join(server.home, 'terminal');
  const child = spawn('script', ['-qec', `"${process.execPath}" "${MAIN}" wallet create`, '/dev/null'], {
    env: {
      ...process.env,
      BITORCH_HOME: server.home,
      BITORCH_WALLET: path,
      BITORCH_WALLET_PASSWORD_FILE: '',
      BITORCH_WALLET_PASSWORD: '',
    },
  });
  let screen = '';
  const answers: [RegExp, string][] = [
    [/Password for the new wallet: $/, 'hunter2 and on\r'],
    [/Repeat it: $/, 'hunter2 and on\r'],
  ];
  child.stdout.on('data', (chunk) => {
    screen += chunk;
    if (answers[0]?.[0].test(screen)) child.stdin.write(answers.shift()![1]);
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0, screen);
  assert.match(screen, /address {2}torch1/);
  assert.ok(!screen.includes('hunter2 and on'), 'the password was shown');
  const env = { BITORCH_WALLET_PASSWORD_FILE: '', BITORCH_WALLET_PASSWORD: 'hunter2 and on' };
  assert.match(await ok(['address'], { wallet: 'terminal', env }), /primary/);
});

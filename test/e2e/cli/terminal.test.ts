/** What a person sees in the terminal when something is not as it should be. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tryLockFile } from '#base';
import { OpenWallet } from '#ledger';
import { bitorch, MAIN } from '../../support/cli.ts';
import { TinyDisk } from '../../support/consensus/tiny-disk.ts';
import { startServer, TOKEN } from '../../support/page-server.ts';
import { PASSWORD as SCRIPTED, scriptedWallet } from '../../support/scripted-chain.ts';

const ENTRY = fileURLToPath(new URL('../../../bin/bitorch.js', import.meta.url));
const PASSWORD = 'correct horse';
let folder: string;
const ownWallet = () => ['--home', folder, '--password-file', join(folder, 'password')];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitorch-terminal-'));
  await writeFile(join(folder, 'password'), `${PASSWORD}\n`);
  await writeFile(join(folder, 'weak'), 'aaaaaaaaaa\n');
  await writeFile(join(folder, 'short'), 'pass\n');
  const created = await bitorch(['wallet', 'create', ...ownWallet(), '--network', '00000001']);
  assert.equal(created.code, 0, created.output);
});
after(() => rm(folder, { recursive: true, force: true }));

/** Runs a command whose reader goes away at once. */
function withoutReader(args: string[]): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
}

test('a reader that goes away ends a command in silence', async () => {
  const commands = [
    ['--help'],
    ['wallet', 'words', ...ownWallet()],
    ['wallet', 'export-view-key', ...ownWallet()],
    ['wallet', '--help'],
  ];
  for (const command of commands)
    assert.deepEqual(await withoutReader(command), { code: 0, stderr: '' }, command.join(' '));
});

test('a full disk under a redirection is said', {
  skip: existsSync('/dev/full') ? false : 'no /dev/full',
}, () => {
  const full = openSync('/dev/full', 'w');
  const args = [MAIN, 'wallet', 'words', ...ownWallet()];
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', full, 'pipe'] });
  assert.equal(status, 1);
  assert.match(stderr.toString(), /^bitorch: the disk is full: .*\[ENOSPC\]\n$/);
});

test('a full disk is said with its place, before anything else', async (t) => {
  const at = join(folder, 'disk');
  mkdirSync(at);
  const disk = await TinyDisk.make(at, 1 << 20);
  if (typeof disk === 'string') return t.skip(disk);
  t.after(() => disk.stop());
  const fill = 'dd if=/dev/zero bs=4096 of="$0/fill" 2>/dev/null; exec "$@"';
  const said = (...args: string[]) => {
    const program = [process.execPath, MAIN, ...args];
    const [command, ...rest] = [...disk.prefix, 'sh', '-c', fill, at, ...program];
    return spawnSync(command!, rest, { encoding: 'utf8' }).stderr;
  };
  const wallet = join(at, 'wallet');
  const password = ['--password-file', join(folder, 'password'), '--network', '00000001'];
  for (const stderr of [
    said('wallet', 'create', '--wallet', wallet, ...password),
    said('start', '--home', at),
  ])
    assert.match(
      stderr,
      new RegExp(`^bitorch: .*(no space|disk is full).*${at}.*\\[(DISK_FULL|ENOSPC)\\]\n$`),
    );
});

test('a version of Node.js that is too old is named in one sentence', () => {
  const old = 'data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.20.2"})';
  const { status, stderr } = spawnSync(process.execPath, ['--import', old, ENTRY, '--help']);
  assert.equal(status, 1);
  assert.match(stderr.toString(), /^bitorch: it needs Node\.js 24 or newer, and this is 20\.20\.2 .*\n$/);
  const ours = spawnSync(process.execPath, [ENTRY, '--version']);
  assert.deepEqual([ours.status, ours.stdout.toString()], [0, '0.1.0\n']);
});

test('a port that is taken is told before the work begins', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const home = join(folder, 'taken');
  const { code, output } = await bitorch(['start', '--home', home, '--port', `${port}`]);
  server.close();
  assert.equal(code, 1);
  assert.match(
    output,
    new RegExp(`^bitorch: port ${port} is taken: choose another with --port \\[PORT_IN_USE\\]\\n$`),
  );
  assert.equal(existsSync(home), false);
});

test('flags and settings that are wrong are named, with what they may be', async () => {
  const start = (...args: string[]) => bitorch(['start', '--home', join(folder, 'wrong'), ...args]);
  const cases: [string[], RegExp][] = [
    [
      ['--roles', 'seed,fly'],
      /^bitorch: --roles .* must be one of seed, run, .*, not "fly" \[OPTION_INVALID\]\n$/,
    ],
    [['--swarm-port', '70000'], /^bitorch: --swarm-port 70000: must be a whole number from 0 to 65535 \[/],
  ];
  for (const [args, said] of cases) {
    const { code, output } = await start(...args);
    assert.equal(code, 1);
    assert.match(output, said);
  }
});

test('a new wallet needs a password that is not found at once', async () => {
  for (const file of ['weak', 'short']) {
    const path = join(folder, `wallet-${file}`);
    const args = ['--wallet', path, '--password-file', join(folder, file), '--network', '00000001'];
    const { code, output } = await bitorch(['wallet', 'create', ...args]);
    assert.equal(code, 1);
    assert.match(output, /^bitorch: choose a password of at least 8 characters, .* \[PASSWORD_WEAK\]\n$/);
    assert.equal(existsSync(path), false);
  }
});

test('what a wallet holds that the running node has open comes from the node', async () => {
  const home = join(folder, 'node');
  mkdirSync(home);
  const server = await startServer();
  const purse = scriptedWallet();
  server.node.purse = purse;
  await purse.create({ password: SCRIPTED });
  await writeFile(join(home, 'api.url'), server.url);
  await writeFile(join(home, 'api.token'), TOKEN);
  await writeFile(join(home, 'password'), `${SCRIPTED}\n`);
  const unlock = await tryLockFile(join(home, 'wallet.in-use'));
  const args = ['--home', home, '--password-file', join(home, 'password')];
  const info = await bitorch(['wallet', 'info', ...args]);
  const words = await bitorch(['wallet', 'words', ...args]);
  unlock?.();
  await server.stop();
  assert.equal(info.code, 0, info.output);
  assert.match(info.output, /^unlocked {2}[\d.,]+ TORCH\n/);
  assert.ok(info.output.includes(`block     ${purse.view().height}`));
  assert.match(words.output, new RegExp(`is open in the node at ${server.url}: .*\\[WALLET_IN_USE\\]`));
});

test('a wallet that is open elsewhere, and a node that is not there, are told with a way out', async () => {
  const path = join(folder, 'in-use');
  const cost = { memoryKiB: 8, passes: 1 };
  const open = await OpenWallet.create({ path, password: PASSWORD, cost });
  const args = ['--wallet', path, '--home', folder, '--password-file', join(folder, 'password')];
  const { output } = await bitorch(['wallet', 'words', ...args]);
  await open.close();
  assert.match(output, /open in another program.*\[WALLET_IN_USE\]/);
  const empty = join(folder, 'empty');
  const chain = await bitorch(['chain', 'status', '--home', empty]);
  assert.match(chain.output, /no node is running on .*with --home \[NODE_MISSING\]/);
  assert.equal(chain.code, 3);
  assert.doesNotMatch(chain.output, /--node/);
});

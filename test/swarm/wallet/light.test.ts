/** Wallets without a chain of their own, over the network, next to nodes that lie. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLog, toHex } from '#base';
import { decode, encode, parseAddress, Wallet, wordsOf } from '#ledger';
import type { Host } from '#network';
import { Node } from '#node';
import { networkOf } from '../../../src/consensus/application/genesis.ts';
import { QUESTIONS } from '../../../src/consensus/application/queries/questions.ts';
import { loadValidatorKey } from '../../../src/node/home/identity.ts';
import { bitorch } from '../../support/cli.ts';
import { Cluster, until } from '../../support/consensus/cluster.ts';
import { type Lies, lyingNode } from '../../support/consensus/lying-node.ts';
import { remoteChain } from '../../support/consensus/remote-chain.ts';
import { FAUCET_ENTROPY, genesisFor, NAME } from '../../support/consensus/test-genesis.ts';
import { curve, TEST_PARAMETERS } from '../../support/ledger/chain.ts';
import { Program } from '../../support/program.ts';

const TORCH = 1_000_000_000n;
const PATIENCE_S = 120;
const time = Date.now();
const network = networkOf(NAME, time);

const parametersOf = (network: Uint8Array) => ({
  ...TEST_PARAMETERS,
  network,
  mintMaturity: 2,
  epochBlocks: 1_000,
});

let cluster: Cluster;
let home: string;
let nodes: [string, string];
const program = new Program();
const cleanUp: (() => Promise<unknown>)[] = [() => program.stop()];

before(async () => {
  cluster = await Cluster.make({
    validators: 2,
    genesis: (keys) => genesisFor(keys, { time, parameters: parametersOf(network) }),
  });
  cleanUp.push(() => cluster.stop());
  home = join(cluster.folder, 'user');
  await mkdir(home);
  await writeFile(join(home, 'password'), 'correct horse\n');
  const [a, b] = cluster.validators;
  nodes = [b!.settings.contacts[0]!, a!.settings.contacts[0]!];
  await cluster.start();
  await until(() => cluster.validators.every(({ height }) => height >= 3), 'three blocks', PATIENCE_S);
});
after(async () => {
  for (const step of cleanUp.reverse()) await step();
});

const environment = (node: string) => ({
  BITORCH_HOME: home,
  BITORCH_WALLET_PASSWORD_FILE: join(home, 'password'),
  BITORCH_GENESIS: cluster.validators[0]!.settings.genesis,
  BITORCH_NODE: node,
});

/** Runs `bitorch wallet …` to its end. */
async function wallet(args: readonly string[], node: string, env: Record<string, string> = {}) {
  const { status, stdout, stderr } = await program.run(['wallet', ...args], { ...environment(node), ...env });
  return { code: status, out: stdout.trimEnd(), err: stderr };
}

async function ok(args: readonly string[], node = nodes.join(',')): Promise<string> {
  const { code, out, err } = await wallet(args, node);
  assert.equal(code, 0, `${args.join(' ')}: ${err}`);
  return out;
}

const balance = async () => JSON.parse(await ok(['balance', '--json']));

/** The network's faucet pays, by way of a node that is believed. */
async function pay(address: string, amount: bigint): Promise<void> {
  const chain = remoteChain(cluster.validators[0]!);
  const faucet = Wallet.restore(wordsOf(FAUCET_ENTROPY), { network, curve });
  await faucet.scan(chain);
  const payments = [{ to: parseAddress(address, network, curve), amount }];
  await chain.submit((await faucet.sign(await faucet.plan({ payments }, chain), chain)).bytes);
}

/** Resolves when a number of blocks have been added. */
async function blocks(count: number): Promise<void> {
  const from = cluster.validators[0]!.height;
  await until(() => cluster.validators[0]!.height >= from + count, `${count} more blocks`, PATIENCE_S);
}

async function liar(name: string, lies: Lies): Promise<string> {
  const host: Host = await lyingNode(name, nodes[0], lies);
  cleanUp.push(() => host.stop());
  return host.addresses.find((address) => address.includes('127.0.0.1'))!;
}

test('bitorch wallet on nodes of other people: create, be paid, send, see that it is final', async () => {
  const created = await ok(['create']);
  assert.match(created, new RegExp(`network {2}${toHex(network)}`));
  const address = /torch1\w+/.exec(created)![0];
  await pay(address, 50n * TORCH);
  await blocks(2 + TEST_PARAMETERS.maturity);
  assert.equal((await balance()).unlocked, `${50n * TORCH}`);
  const id = await ok(['send', address, '1', '--yes']);
  await blocks(3);
  // As a process of its own, which has to end by itself.
  const { code, output } = await bitorch(['wallet', 'history'], { env: environment(nodes.join(',')) });
  assert.equal(code, 0, output);
  assert.match(output, new RegExp(`block \\d+ +sent .*transfer ${id}`));
});

test('without the genesis nothing can be proven, and that is said', async () => {
  const { code, err } = await wallet(['balance'], nodes[0], { BITORCH_GENESIS: '' });
  assert.equal(code, 1);
  assert.match(err, /pass the genesis file of the network with --genesis/);
});

test('a node that shows false money is refused alone, and named beside an honest one', async () => {
  const richer = await liar('a richer one', {
    reply: (path, reply) => {
      if (path !== '/proven-outputs') return reply;
      const codec = QUESTIONS['/proven-outputs'].answer;
      const { outputs, proof } = decode(codec, reply.value);
      const minted = outputs.map((output) => ({ ...output, minted: 1 as const }));
      return { ...reply, value: encode(codec, { outputs: minted, proof }) };
    },
  });
  const before = await balance();
  const alone = await wallet(['rescan'], richer);
  assert.deepEqual([alone.code, alone.out], [1, ''], alone.err);
  assert.match(alone.err, /not in the proven state \[CHAIN_INVALID\]/);
  // The log of a thread is not among its output: it takes a process.
  const both = await bitorch(['wallet', 'rescan'], { env: environment(`${richer},${nodes[1]}`) });
  assert.equal(both.code, 0, both.output);
  assert.match(both.output, /the node sent false data and is not asked again/);
  const { unlocked, locked } = await balance();
  assert.equal(BigInt(unlocked) + BigInt(locked), BigInt(before.unlocked) + BigInt(before.locked));
});

test('a node with headers of its own is refused, and so is one that leaves votes out', async () => {
  const lies: [string, NonNullable<Lies['light']>][] = [
    ['a forger', (one) => ({ ...one, header: { ...one.header, appHash: one.header.previous } })],
    ['a concealer', (one) => ({ ...one, commit: { ...one.commit, nonces: one.commit.nonces.slice(1) } })],
  ];
  for (const [name, light] of lies) {
    const { code, err } = await wallet(['rescan'], await liar(name, { light }));
    assert.equal(code, 1);
    assert.match(err, /not a proven header: .*\[LIGHT_INVALID\]/);
  }
});

test('a light node keeps a wallet that follows, pays and is paid', async (t) => {
  const genesis = join(home, 'genesis.json');
  const homes = [join(home, 'full'), join(home, 'light')] as const;
  await mkdir(homes[0]);
  const key = await loadValidatorKey(homes[0]);
  await writeFile(genesis, genesisFor([key], { time, parameters: parametersOf(network) }));
  const settings = { genesis, walletPassword: 'correct horse', securityAuthorities: 'none' } as const;
  const log = createLog('silent');
  const full = await Node.start({ ...settings, home: homes[0], roles: ['validate'] }, { log });
  t.after(() => full.stop());
  const light = await Node.start(
    { ...settings, home: homes[1], roles: ['audit'], light: true, bootstrap: full.addresses },
    { log },
  );
  t.after(() => light.stop());
  const own = light.wallet()!;
  assert.equal(light.chain(), undefined);
  await own.faucet();
  await until(() => BigInt(own.view().balance?.spendable ?? 0) > 0n, 'money of the faucet', PATIENCE_S);
  const to = full.wallet()!.addresses()[0]!.address;
  const { id } = await own.send({ to, amount: `${TORCH}`, password: 'correct horse' });
  const sent = () => own.history().find((entry) => entry.id === id);
  await until(() => sent()?.state === 'final', 'the payment final', PATIENCE_S);
  await until(
    () => BigInt(full.wallet()!.view().balance!.total) >= TORCH,
    'the payment with its payee',
    PATIENCE_S,
  );
  assert.equal(own.view().problem, undefined);
});

/** Fails now and then: the second of two nodes does not always find the first height of a fork. Outside of npm test until that is mended. */
/** Two of four validators run their keys twice, on both sides of a partition: both sides decide, and meet again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toHex } from '#base';
import type { ChainStatus } from '../../src/consensus/chain.ts';
import { forkAt } from '../../src/consensus/fork.ts';
import { type ChainProcess, Cluster, keyOf, until } from '../support/consensus/cluster.ts';
import { genesisFor } from '../support/consensus/test-genesis.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const BLOCKS = 5;
const PATIENCE_S = 180;

let cluster: Cluster;
let honest: [ChainProcess, ChainProcess];
const twins: ChainProcess[] = [];

before(async () => {
  cluster = await Cluster.make({ genesis: genesisFor, application: 'list' });
});
after(async () => {
  await Promise.all(twins.map((one) => one.kill()));
  await cluster.stop();
});

const contactOf = (node: ChainProcess, from: ChainProcess): string =>
  from.settings.contacts.find((contact) => contact.includes(`/tcp/${node.settings.port}/`))!;

/** Nodes that know only the first of them. */
async function startApart([first, ...rest]: [ChainProcess, ...ChainProcess[]]): Promise<void> {
  await first.start({ contacts: [] });
  await Promise.all(rest.map((node) => node.start({ contacts: [contactOf(first, node)] })));
}

const statusOf = (node: ChainProcess): Promise<ChainStatus> => node.ask({ type: 'status' });

function meet(): void {
  const [a, b] = honest;
  b.order({ type: 'disconnect' });
  a.order({ type: 'disconnect' });
  setTimeout(() => a.order({ type: 'connect', contact: contactOf(b, a) }), 500);
}

async function untilHalted(node: ChainProcess): Promise<ChainStatus> {
  for (let tries = 0; tries < 2 * PATIENCE_S; tries++) {
    const status = await statusOf(node);
    if (status.state === 'halted') return status;
    // Who was banned for a while is talked to again on a new connection, as nodes that know each other make them.
    if (tries % 30 === 0) meet();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${node.name} has not halted: ${node.log.slice(-2000)}`);
}

const forkFile = ({ settings }: ChainProcess): string => join(settings.home, 'fork');

function firstDifference(): number {
  const [a, b] = honest.map(({ blocks }) => blocks) as [ChainProcess['blocks'], ChainProcess['blocks']];
  return Math.min(
    ...[...a.keys()].filter((height) => b.has(height) && b.get(height)!.id !== a.get(height)!.id),
  );
}

function blame(...args: string[]) {
  const files = honest.map(forkFile);
  const { status, stdout } = spawnSync(process.execPath, [MAIN, 'chain', 'blame', ...args, ...files], {
    encoding: 'utf8',
  });
  return { status, stdout };
}

test('two validators that run twice under a partition fork the chain', async () => {
  await cluster.start();
  const [a, b, c, d] = cluster.validators as [ChainProcess, ChainProcess, ChainProcess, ChainProcess];
  honest = [a, b];
  await until(() => cluster.validators.every(({ height }) => height >= 3), 'three blocks', PATIENCE_S);
  await Promise.all(cluster.validators.map((one) => one.kill()));
  for (const [i, one] of [c, d].entries()) {
    const twin = await cluster.newcomer(keyOf(`validator ${i + 2}`));
    cpSync(one.settings.home, twin.settings.home, { recursive: true });
    twins.push(twin);
  }
  const together = Math.max(...cluster.validators.map(({ height }) => height));
  await Promise.all([startApart([a, c, d]), startApart([b, ...twins])]);
  await until(() => honest.every(({ height }) => height >= together + BLOCKS), 'both going on', PATIENCE_S);
  assert.notDeepEqual(cluster.contradictions(honest), []);
});

test('the honest ones meet, find the fork below their tips and halt for good', async () => {
  for (const node of honest) {
    const { problem, height } = await untilHalted(node);
    assert.match(problem!, /the chain has forked. See who did it with "bitorch chain blame"/);
    const keeps = () => forkAt(forkFile(node))?.ours.height === firstDifference();
    await until(keeps, `the first of the two heights kept by ${node.name}`, PATIENCE_S);
    await node.kill();
    await node.start({ contacts: [] });
    const again = await statusOf(node);
    assert.deepEqual([again.state, again.height], ['halted', height]);
  }
});

test('bitorch chain blame names the two, and nobody else', () => {
  const first = firstDifference();
  const guilty = ['validator 2', 'validator 3'].map((name) => toHex(keyOf(name).publicKey)).sort();
  const json = blame('--json');
  assert.equal(json.status, 4, json.stdout);
  const { fork } = JSON.parse(json.stdout);
  assert.equal(fork.height, first);
  assert.deepEqual(fork.guilty.map(({ validator }: { validator: string }) => validator).sort(), guilty);
  assert.ok(fork.share >= 1 / 3);
  const text = blame();
  assert.equal(text.status, 4);
  assert.match(text.stdout, new RegExp(`Two blocks of height ${first} were signed by more than two thirds`));
  for (const key of guilty) assert.ok(text.stdout.includes(key), text.stdout);
});

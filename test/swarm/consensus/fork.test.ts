/** Two of four validators run their keys twice, on both sides of a partition: both sides decide, and meet again. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { toHex } from '#base';
import { forkAt } from '../../../src/consensus/evidence/kept-fork.ts';
import { ChainNode } from '../../support/consensus/chain-node.ts';
import { keyOf, until } from '../../support/consensus/cluster.ts';
import { genesisFor } from '../../support/consensus/test-genesis.ts';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));
const BLOCKS = 4;
const PATIENCE_S = 180;

let folder: string;
let honest: [ChainNode, ChainNode];
const nodes: ChainNode[] = [];

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'bitorch-fork-'));
  const keys = [0, 1, 2, 3].map((i) => keyOf(`validator ${i}`));
  writeFileSync(join(folder, 'genesis.json'), genesisFor(keys));
});
after(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  rmSync(folder, { recursive: true, force: true });
});

function nodeOf(validator: number, name: string): ChainNode {
  const node = new ChainNode({
    name,
    home: join(folder, name),
    genesis: join(folder, 'genesis.json'),
    key: keyOf(`node ${name}`),
    validator: keyOf(`validator ${validator}`),
  });
  nodes.push(node);
  return node;
}

/** Nodes that know only the first of them. */
async function startTogether([first, ...rest]: [ChainNode, ...ChainNode[]]): Promise<void> {
  await first.start();
  await Promise.all(rest.map((node) => node.start([first.contact])));
}

const heightOf = (node: ChainNode): number => Math.max(0, ...node.blocks.keys());
const forkFile = ({ settings }: ChainNode): string => join(settings.home, 'fork');

function firstDifference(): number {
  const [a, b] = honest.map(({ blocks }) => blocks) as [Map<number, string>, Map<number, string>];
  return Math.min(...[...a.keys()].filter((height) => b.has(height) && b.get(height) !== a.get(height)));
}

function blame(...args: string[]) {
  const files = honest.map(forkFile);
  const { status, stdout } = spawnSync(process.execPath, [MAIN, 'chain', 'blame', ...args, ...files], {
    encoding: 'utf8',
  });
  return { status, stdout };
}

test('two validators that run twice under a partition fork the chain', async () => {
  const validators = [0, 1, 2, 3].map((i) => nodeOf(i, `validator-${i}`));
  const [a, b, c, d] = validators as [ChainNode, ChainNode, ChainNode, ChainNode];
  honest = [a, b];
  await startTogether([a, b, c, d]);
  await until(() => validators.every((node) => heightOf(node) >= 3), 'three blocks', PATIENCE_S);
  await Promise.all(validators.map((node) => node.stop()));
  const twins = [c, d].map((one, i) => {
    const twin = nodeOf(i + 2, `twin-${i}`);
    cpSync(one.settings.home, twin.settings.home, { recursive: true });
    return twin;
  });
  const together = Math.max(...validators.map(heightOf));
  await Promise.all([startTogether([a, c, d]), startTogether([b, ...twins])]);
  const goOn = () => honest.every((node) => heightOf(node) >= together + BLOCKS);
  await until(goOn, 'both going on', PATIENCE_S);
  assert.ok(firstDifference() > 0);
});

test('the honest ones meet once, find the fork below their tips and halt for good', async () => {
  const [a, b] = honest;
  await a.connect(b.contact);
  const where = () =>
    honest
      .map(
        (node) => `${node.name} ${JSON.stringify(node.status)}, keeps ${forkAt(forkFile(node))?.ours.height}`,
      )
      .join('\n');
  for (const node of honest) {
    const keeps = () => forkAt(forkFile(node))?.ours.height === firstDifference();
    await until(
      () => node.status.state === 'halted' && keeps(),
      () => where(),
      PATIENCE_S,
    );
    assert.match(node.status.problem!, /the chain has forked. Run "bitorch chain blame"/);
    const { height } = node.status;
    // The other one has to find it again by itself: who starts again knows nobody.
    await node.stop();
    await node.start();
    assert.deepEqual([node.status.state, node.status.height], ['halted', height]);
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
  assert.match(text.stdout, new RegExp(`Two blocks at height ${first} were signed by more than two thirds`));
  for (const key of guilty) assert.ok(text.stdout.includes(key), text.stdout);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { equalBytes } from '#base';
import { TransactionPool } from '../../../src/consensus/mempool/index.ts';
import { Random } from '../../support/consensus/simulator/random.ts';
import { TradingNetwork } from '../../support/consensus/trading.ts';

const NODES = 20;
const NEIGHBOURS = 4;
const TRANSACTION = Uint8Array.of(7, 7, 7);
const ID = TransactionPool.idOf(TRANSACTION);

/** Every node has dialed four others. */
function network(seed: number, count = NODES): TradingNetwork {
  const random = new Random(seed);
  const net = new TradingNetwork(() => random.fraction());
  const names = Array.from({ length: count }, (_, i) => `node ${i}`);
  for (const name of names) net.add(name);
  for (const [i, name] of names.entries())
    for (let k = 0; k < NEIGHBOURS; k++) {
      const other = names[(i + random.between(1, count - 1)) % count]!;
      if (!net.nodes.get(name)!.peers.has(other)) net.join(name, other);
    }
  return net;
}

/** Time goes on until everybody has the transaction; who offered it first, and how far it had come. */
async function spread(t: TestContext, net: TradingNetwork, origin: string) {
  await net.nodes.get(origin)!.trade.submitByStem(TRANSACTION);
  const offered = () =>
    net.carried.find(
      ({ message }) => message.type === 'offer' && message.value.some((id) => equalBytes(id, ID)),
    );
  for (let seconds = 0; seconds < 400; seconds++) {
    await net.settle();
    t.mock.timers.tick(25);
    await net.settle();
    if (offered()) break;
    t.mock.timers.tick(1_000);
    net.now += 1_000;
  }
  const first = offered();
  assert.ok(first, 'it is spread in the end');
  t.mock.timers.tick(25);
  await net.settle();
  const hops = net.carried.filter(({ message }) => message.type === 'stem').length;
  const holders = new Set(
    net.carried.flatMap(({ to, message }) =>
      message.type === 'transactions' || message.type === 'stem' ? [to] : [],
    ),
  ).add(origin);
  return { announcer: first.from, hops, holders, waitedMs: net.now };
}

test('who first offers a transaction is hardly ever the one who handed it in', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let found = 0;
  let hops = 0;
  const runs = 200;
  for (let seed = 1; seed <= runs; seed++) {
    const origin = `node ${seed % NODES}`;
    const net = network(seed);
    const result = await spread(t, net, origin);
    if (result.announcer === origin) found++;
    hops += result.hops;
  }
  assert.ok(found <= runs / NODES, `the first to offer it is the sender in ${found} of ${runs}`);
  assert.ok(hops / runs > 2, 'it goes some way before');
});

test('a stem that ends in nodes that pass nothing on is given up in time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (let seed = 1; seed <= 20; seed++) {
    const net = network(seed);
    for (let i = 1; i < NODES; i += 2) net.deaf.add(`node ${i}`);
    const { holders } = await spread(t, net, 'node 0');
    assert.ok(holders.size > 1, 'it has left');
  }
});

test('where nobody spreads what comes, a stem that goes in a circle ends all the same', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  for (let seed = 1; seed <= 50; seed++) {
    const { waitedMs } = await spread(t, network(seed, 4), 'node 0');
    assert.equal(waitedMs, 0, 'before any embargo');
  }
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '#ledger';
import { Budgets } from '#network';
import { QUERY_PROTOCOL } from '../../../src/consensus/light/constants.ts';
import { queryCodec } from '../../../src/consensus/light/protocol.ts';
import { serveQueries } from '../../../src/consensus/light/server.ts';
import { TransactionGossip, TransactionPool } from '../../../src/consensus/mempool/index.ts';
import { QuestionServer } from '../../../src/consensus/sync/question-server.ts';
import { MemoryHost } from '../../support/consensus/memory-hosts.ts';

const settled = async () => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

/** What a peer may cost: 10 ms, of which nothing is forgiven. */
const LIMITS = {
  heldBytes: 1_000,
  bytesPerSecond: 0,
  burstBytes: 1_000,
  cpuMsPerSecond: 0,
  burstCpuMs: 10,
};
const MUCH = { ...LIMITS, heldBytes: 1e9, burstBytes: 1e9, burstCpuMs: 1e9 };

/** A node that answers with `length` bytes for `costMs`, and peers that ask it. */
async function answerer(length = 1, costMs = 4) {
  const own = new MemoryHost('node');
  const answered: string[] = [];
  let [now, most] = [0, 0];
  const questions = new QuestionServer(
    { host: own.host },
    new Budgets({ peer: LIMITS, address: MUCH, all: MUCH }),
  );
  for (const protocol of ['one', 'two'])
    await questions.serve({
      protocol,
      maxQuestion: 10,
      async answer(question) {
        most = Math.max(most, ++now);
        await new Promise(setImmediate);
        now--;
        answered.push(String.fromCharCode(question[0]!));
        return { bytes: new Uint8Array(length), costMs };
      },
    });
  const asks = async (name: string, protocol: string, count: number) => {
    const peer = new MemoryHost(name);
    peer.join(own);
    const stream = await peer.open({ id: 'node' }, protocol);
    for (let i = 0; i < count; i++) await stream.send(new TextEncoder().encode(name));
    return stream;
  };
  return { answered, asks, most: () => most };
}

test('a peer is answered one question at a time over all its streams, until it has used up its time', async () => {
  const { answered, asks, most } = await answerer();
  const streams = [];
  for (const protocol of ['one', 'one', 'two']) streams.push(await asks('a', protocol, 5));
  await settled();
  await settled();
  assert.equal(answered.length, 3, 'after 8 ms there is some left, after 12 none');
  assert.equal(most(), 1);
  assert.ok(
    streams.every(({ ended }) => !ended.aborted),
    'asking is no offence: it waits',
  );
  await asks('b', 'one', 2);
  await settled();
  assert.deepEqual(answered.slice(3), ['b', 'b'], 'nobody else does');
  for (const stream of streams) stream.abort();
});

test('an answer beyond what may be held for a peer ends its stream', async () => {
  const { asks } = await answerer(2_000);
  const stream = await asks('a', 'one', 1);
  await settled();
  assert.ok(stream.ended.aborted);
});

test('an answer that is not read is held in the budget of the peer, with all else that it makes this node hold', async () => {
  const own = new MemoryHost('node', { ...MUCH, heldBytes: 10_000 });
  const questions = new QuestionServer(
    { host: own.host },
    new Budgets({ peer: MUCH, address: MUCH, all: MUCH }),
  );
  const answer = async () => ({ bytes: new Uint8Array(6_000), costMs: 0 });
  await questions.serve({ protocol: 'one', maxQuestion: 10, answer });
  const ask = async () => {
    const peer = new MemoryHost('peer');
    peer.join(own);
    const stream = await peer.open({ id: 'node' }, 'one');
    await stream.send(new Uint8Array(1));
    await settled();
    return stream;
  };
  const release = own.budgetOf('peer').hold(5_000);
  assert.ok((await ask()).ended.aborted);
  release();
  assert.ok(!(await ask()).ended.aborted);
  own.budgetOf('peer').hold(9_000)();
});

test('what wallets hand in does not take the room of what the owner of the node hands in', async () => {
  const own = new MemoryHost('node');
  const forever = new Promise<never>(() => undefined);
  const waiting = { size: 0, bytes: 0, has: () => false, get: () => undefined, ids: () => [] };
  const pool = new TransactionPool({}, { application: { waiting, checkTx: () => forever } });
  const trade = new TransactionGossip({ pool, now: () => 0, peers: () => [] });
  await serveQueries({
    questions: new QuestionServer({ host: own.host }, new Budgets({ peer: MUCH, address: MUCH, all: MUCH })),
    application: { query: () => forever },
    submit: (transaction, peer) => trade.submitByStem(transaction, peer),
  });
  for (let i = 0; i < 40; i++) {
    const peer = new MemoryHost(`wallet ${i}`);
    peer.join(own);
    const stream = await peer.open({ id: 'node' }, QUERY_PROTOCOL);
    const transaction = new Uint8Array(65_000).fill(i);
    await stream.send(encode(queryCodec, { type: 'submit', value: { transaction } }));
  }
  await settled();
  assert.ok(pool.has(TransactionPool.idOf(new Uint8Array(65_000).fill(39))), 'all of them are being checked');
  assert.equal(pool.precheck(new Uint8Array(65_000).fill(99)), undefined);
});

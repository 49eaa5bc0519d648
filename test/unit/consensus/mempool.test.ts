import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckTxResult } from '../../../src/consensus/application/index.ts';
import { decodeMessage, type Message } from '../../../src/consensus/gossip/messages.ts';
import { ChainPeer } from '../../../src/consensus/gossip/peer.ts';
import { FairQueue } from '../../../src/consensus/mempool/fair-queue.ts';
import { TransactionGossip, TransactionPool } from '../../../src/consensus/mempool/index.ts';
import { Waiting, willingApplication } from '../../support/consensus/waiting.ts';

const ACCEPTED = { code: 0, log: '', priority: 0 };
const transaction = (number: number) => Uint8Array.of(number);

/** Answers when it is told to; remembers in which order it was asked. */
class Checking {
  readonly asked: number[] = [];
  readonly #open: PromiseWithResolvers<CheckTxResult>[] = [];

  readonly application = {
    checkTx: ({ bytes }: { bytes: Uint8Array }) => {
      this.asked.push(bytes[0]!);
      const answer = Promise.withResolvers<CheckTxResult>();
      this.#open.push(answer);
      return answer.promise;
    },
    waiting: new Waiting(),
  };

  async answerAll(): Promise<void> {
    for (let next = this.#open.shift(); next; next = this.#open.shift()) {
      next.resolve(ACCEPTED);
      await new Promise(setImmediate);
    }
  }
}

/** A peer, and what it is sent. */
function peerNamed(id: string): { peer: ChainPeer; sent: Message[] } {
  const sent: Message[] = [];
  const stream = {
    send: async (frame: Uint8Array) => void sent.push(decodeMessage(frame)),
    abort: () => undefined,
  };
  const peer = new ChainPeer(id, { stream: stream as never, now: () => 0, onLost: () => undefined });
  return { peer, sent };
}

test('sources take turns, each in its own order', () => {
  const turns = new FairQueue<string>();
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) turns.add(item[0]!, item);
  const order = Array.from({ length: 7 }, () => turns.next());
  assert.deepEqual(order, ['a1', 'b1', 'c1', 'a2', 'c2', 'a3', undefined]);
});

test('the application is asked about a few at once, and no source waits for all of another', async () => {
  const checking = new Checking();
  const pool = new TransactionPool({ maxChecking: 2 }, { application: checking.application });
  const mine = [1, 2, 3, 4].map((number) => pool.add(transaction(number)));
  const theirs = [5, 6].map((number) => pool.add(transaction(number), 'peer'));
  assert.deepEqual(checking.asked, [1, 2]);
  await checking.answerAll();
  assert.deepEqual(checking.asked, [1, 2, 3, 5, 4, 6]);
  assert.deepEqual(await Promise.all([...mine, ...theirs]), new Array(6).fill(ACCEPTED));
});

test('what a block has taken while it waited is no offence of whoever sent it', async () => {
  const checks: PromiseWithResolvers<CheckTxResult>[] = [];
  const checkTx = () => {
    checks.push(Promise.withResolvers<CheckTxResult>());
    return checks.at(-1)!.promise;
  };
  const application = { checkTx, waiting: new Waiting() };
  const pool = new TransactionPool({ maxChecking: 1 }, { application });
  const both = [1, 2].map((number) => pool.add(transaction(number), 'peer'));
  pool.update([transaction(1), transaction(2)]);
  checks[0]!.resolve({ code: 2, log: 'spent already', priority: 0 });
  assert.deepEqual(await Promise.all(both), [ACCEPTED, ACCEPTED]);
  assert.equal(checks.length, 1, 'the second need not be checked');
  assert.equal((await pool.add(transaction(1))).code, 0);
  assert.equal(pool.size, 0);
});

test('what the application throws reaches who asked, and the next one is checked', async () => {
  let calls = 0;
  const checkTx = async () => {
    if (calls++ === 0) throw new Error('broken');
    return ACCEPTED;
  };
  const application = { checkTx, waiting: new Waiting() };
  const pool = new TransactionPool({ maxChecking: 1 }, { application });
  const first = pool.add(transaction(1));
  const second = pool.add(transaction(2));
  await assert.rejects(first, /broken/);
  assert.equal((await second).code, 0);
});

test('a block gets what more than two thirds have verified, and of the rest as many as haste allows', async () => {
  const pool = new TransactionPool({}, { application: willingApplication() });
  const peers = ['a', 'b', 'c'].map((name) => peerNamed(name).peer);
  const trade = new TransactionGossip({ pool, now: () => 0, peers: () => peers });
  const all = Array.from({ length: 40 }, (_, number) => transaction(number));
  for (const one of all) await trade.submit(one);
  const ids = all.map(TransactionPool.idOf);
  trade.receive({ type: 'offer', value: ids.slice(0, 20) }, peers[0]!);
  trade.receive({ type: 'offer', value: ids.slice(0, 10) }, peers[2]!);
  const picked = () => all.filter(trade.picker()).map(([number]) => number!);
  const until = (count: number) => Array.from({ length: count }, (_, number) => number);
  assert.deepEqual(picked(), until(10 + 16));
  trade.noteVerified(1_000);
  assert.deepEqual(picked(), until(10 + 8));
  for (let slow = 0; slow < 10; slow++) trade.noteVerified(1_000);
  assert.deepEqual(picked(), until(10 + 1), 'one at least: nothing is held back for ever');
  trade.noteVerified(10);
  assert.deepEqual(picked(), until(10 + 5));
  trade.receive({ type: 'offer', value: ids.slice(10, 40) }, peers[1]!);
  trade.receive({ type: 'offer', value: ids.slice(20, 40) }, peers[2]!);
  assert.deepEqual(picked(), until(40));
  trade.noteVerified(10);
  for (const one of [50, 51, 52, 53, 54, 55]) await trade.submit(transaction(one));
  all.push(...[50, 51, 52, 53, 54, 55].map(transaction));
  assert.equal(picked().length, 40 + 5, 'what was not used up does not grow');
});

test('who offered a transaction is told when it waits here too, once', async () => {
  const pool = new TransactionPool({}, { application: willingApplication() });
  const { peer, sent } = peerNamed('a');
  const trade = new TransactionGossip({ pool, now: () => 0, peers: () => [peer] });
  const value = [TransactionPool.idOf(transaction(1))];
  trade.receive({ type: 'offer', value }, peer);
  assert.deepEqual(sent, [{ type: 'want', value }]);
  trade.receive({ type: 'transactions', value: [transaction(1)] }, peer);
  while (sent.length < 2) await new Promise(setImmediate);
  trade.introduce(peer);
  trade.receive({ type: 'offer', value }, peer);
  assert.deepEqual(sent.slice(1), [{ type: 'offer', value }]);
});

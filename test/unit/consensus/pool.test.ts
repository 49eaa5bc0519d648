import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex, utf8 } from '#base';
import type { MempoolOptions } from '#ledger';
import { MemoryStore } from '#store';
import { errorOf, isOffence } from '../../../src/consensus/application/codes.ts';
import type { Application } from '../../../src/consensus/application/index.ts';
import { LedgerApplication } from '../../../src/consensus/application/ledger-application.ts';
import { applicationChain } from '../../../src/consensus/application/queries/application-chain.ts';
import { verifierHere } from '../../../src/consensus/application/verification/spend-verifier.ts';
import { TransactionPool } from '../../../src/consensus/mempool/pool.ts';
import { Ledger } from '../../../src/ledger/ledger.ts';
import { makeTransaction, type Transaction } from '../../../src/ledger/transaction/transaction.ts';
import { begin, blockOf, founders } from '../../support/consensus/application.ts';
import { willingApplication } from '../../support/consensus/waiting.ts';
import { curve, deterministic, transactionOf, trustingSpends } from '../../support/ledger/chain.ts';

const random = deterministic('pool');
const MILLION = 1_000_000n;

/** A node's pool over a ledger whose first outputs can be spent. */
async function nodeWith(mempool: MempoolOptions, proofsHold = () => true) {
  const store = new MemoryStore();
  const rules = verifierHere({ spends: trustingSpends });
  const verifier = {
    ...rules,
    verify: async (...[, spends]: Parameters<typeof rules.verify>) => spends.map(proofsHold),
  };
  const application = new LedgerApplication(
    { key: founders[0]!, mempool },
    { curve, spends: trustingSpends, verifier, store },
  );
  await begin(application);
  const pool = new TransactionPool({}, { application });
  const ledger = () => Ledger.open({ store, curve, spends: trustingSpends });
  const make = (fee: bigint, expiry?: number) =>
    transactionOf(ledger(), random, { inputs: 1, fee, ...(expiry && { expiry }) });
  const grow = async () => {
    const height = (await application.info()).height + 1;
    const request = { ...blockOf(height, founders[0]!, []), maxBytes: 2 ** 20, picks: () => true };
    const { transactions } = await application.prepareProposal(request);
    await application.finalizeBlock(blockOf(height, founders[0]!, transactions));
    await application.commit();
    pool.update(transactions);
  };
  for (let n = 0; n < 4; n++) await grow();
  return { application, pool, make, grow };
}

const raised = ({ body, proofs }: Transaction, by: bigint) =>
  makeTransaction({ ...body, fee: body.fee + by }, proofs, curve);

test('what a full pool gives up is offered and sent to nobody any more; the best paid is offered first', async () => {
  const { pool, make } = await nodeWith({ maxCount: 2 });
  const made = [1n, 2n, 200n].map((fee) => make(fee * MILLION));
  const codes = [];
  for (const { bytes } of made) codes.push((await pool.add(bytes)).code);
  assert.deepEqual(codes, [0, 0, 0]);
  const [cheapest, middle, best] = made.map(({ bytes }) => TransactionPool.idOf(bytes));
  assert.equal(pool.size, 2);
  assert.ok(!pool.has(cheapest!) && pool.get(cheapest!) === undefined);
  assert.deepEqual([...pool.ids()], [best, middle]);
  assert.equal(errorOf(await pool.add(make(MILLION).bytes)).code, 'MEMPOOL_FULL');
});

test('what a block has taken, or spends the same as it, is gone from the pool with the commit', async () => {
  const { pool, make, grow, application } = await nodeWith({});
  const [taken, other] = [make(3n * MILLION), make(2n * MILLION)];
  for (const { bytes } of [taken, other]) await pool.add(bytes);
  const elsewhere = raised(other, 1n);
  const height = (await application.info()).height + 1;
  const { transactions } = await application.prepareProposal({
    ...blockOf(height, founders[0]!, []),
    maxBytes: 2 ** 20,
    picks: (bytes) => toHex(bytes) === toHex(taken.bytes),
    transactions: [elsewhere.bytes],
  });
  await application.finalizeBlock(blockOf(height, founders[0]!, transactions));
  await application.commit();
  pool.update(transactions);
  assert.equal(pool.size, 0);
  assert.equal((await pool.add(taken.bytes)).code, 0, 'peers that still offer it did nothing wrong');
  assert.equal(pool.size, 0);
  await grow();
});

test('every refusal has a code of its own, and only what the sender alone can have caused is an offence', async () => {
  let hold = true;
  const { pool, make, grow } = await nodeWith({ maxCount: 3 }, () => hold);
  const spent = make(9n * MILLION);
  await pool.add(spent.bytes);
  await grow();
  const rival = raised(spent, 1n);
  const waiting = [2n, 3n, 4n].map((fee) => make(fee * MILLION));
  for (const { bytes } of waiting) await pool.add(bytes);
  const cases: [string, Uint8Array, boolean][] = [
    ['CODEC_INVALID', utf8('nonsense'), true],
    ['CODEC_INVALID', new Uint8Array(70_000), true],
    ['MEMPOOL_CONFLICT', raised(waiting[2]!, 1n).bytes, false],
    ['MEMPOOL_FULL', make(2n * MILLION).bytes, false],
    ['FEE_TOO_LOW', make(1n).bytes, false],
    ['TRANSACTION_EXPIRED', make(9n * MILLION, 2).bytes, false],
    ['OUTPUT_SPENT', rival.bytes, false],
    ['TRANSACTION_INVALID', make(9n * MILLION, 10_000).bytes, false],
  ];
  for (const [name, bytes, offence] of cases) {
    const { code, log } = await pool.add(bytes, 'peer');
    assert.equal(errorOf({ code, log }).code, name, log);
    assert.equal(isOffence(code), offence, name);
  }
  hold = false;
  const { code } = await pool.add(make(9n * MILLION).bytes, 'peer');
  assert.ok(isOffence(code));
  assert.equal(errorOf({ code, log: '' }).code, 'PROOFS_INVALID');
});

test('two halves of many double spends leave each node with one of each pair, and nobody to blame', async () => {
  const [a, b] = [await nodeWith({}), await nodeWith({})];
  for (let n = 0; n < 50; n++) {
    const one = a.make(2n * MILLION);
    const two = raised(one, 1n);
    await a.pool.add(one.bytes);
    await b.pool.add(two.bytes);
    const answers = [await a.pool.add(two.bytes, 'b'), await b.pool.add(one.bytes, 'a')];
    assert.ok(answers.every(({ code }) => code !== 0 && !isOffence(code)));
  }
  assert.deepEqual([a.pool.size, b.pool.size], [50, 50]);
});

test('a refusal reaches a wallet as the outcome and the code that it left the pool with', async () => {
  const { application, pool, make } = await nodeWith({ maxCount: 1 });
  const port: Pick<Application, 'query' | 'checkTx'> = {
    query: (asked) => application.query(asked),
    checkTx: ({ bytes }) => pool.add(bytes),
  };
  const chain = applicationChain(port);
  const [first, second] = [make(3n * MILLION), make(2n * MILLION)];
  assert.deepEqual(await chain.submit(first.bytes), { outcome: 'sent' });
  assert.deepEqual(await chain.submit(first.bytes), { outcome: 'sent' });
  const results = [second.bytes, raised(first, 1n).bytes, utf8('nonsense')].map((bytes) =>
    chain.submit(bytes),
  );
  assert.deepEqual(
    (await Promise.all(results)).map((result) => result.outcome !== 'sent' && [result.outcome, result.code]),
    [
      ['pending', 'MEMPOOL_FULL'],
      ['pending', 'MEMPOOL_CONFLICT'],
      ['refused', 'CODEC_INVALID'],
    ],
  );
});

test('what waits to be checked is bounded in bytes, for each source and for all peers, and this node is never shut out', async () => {
  const { waiting } = willingApplication();
  const never = new Promise<never>(() => undefined);
  const options = { maxUncheckedOfOne: 5_000, maxUnchecked: 8_000, maxChecking: 1 };
  const pool = new TransactionPool(options, { application: { waiting, checkTx: () => never } });
  const large = (n: number) => new Uint8Array(1_000).fill(n);
  const busy = (n: number, source?: string) => {
    const refusal = pool.precheck(large(n), source);
    if (!refusal) void pool.add(large(n), source);
    return refusal && errorOf(refusal).code;
  };
  const flood = Array.from({ length: 7 }, (_, n) => busy(n, 'one'));
  assert.deepEqual(flood, [...new Array(5).fill(undefined), 'POOL_BUSY', 'POOL_BUSY']);
  const others = Array.from({ length: 4 }, (_, n) => busy(10 + n, `peer ${n}`));
  assert.deepEqual(others, [undefined, undefined, undefined, 'POOL_BUSY']);
  assert.equal(busy(20), undefined);
  assert.ok(pool.has(TransactionPool.idOf(large(20))), toHex(TransactionPool.idOf(large(20))));
});

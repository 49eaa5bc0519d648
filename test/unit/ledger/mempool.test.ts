import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '#store';
import { validators } from '../../../src/ledger/accounts/index.ts';
import { Ledger } from '../../../src/ledger/ledger.ts';
import { Mempool } from '../../../src/ledger/mempool.ts';
import { makeTransaction, type Transaction } from '../../../src/ledger/transaction/transaction.ts';
import {
  curve,
  deterministic,
  genesisOf,
  grow,
  growTo,
  signer,
  somebody,
  someRefund,
  TEST_PARAMETERS,
  transactionOf,
  trustingLedger,
  trustingSpends,
} from '../../support/ledger/chain.ts';
import { doubleVote } from '../../support/ledger/double-vote.ts';

const random = deterministic('mempool');

function ready() {
  const ledger = trustingLedger();
  growTo(ledger, 4);
  const pool = new Mempool(ledger, { maxCount: 4 });
  const make = (fee: bigint, expiry?: number) =>
    transactionOf(ledger, random, { inputs: 1, fee, ...(expiry && { expiry }) });
  return { ledger, pool, make };
}

/** The same body with another fee: another id, the same key images. */
const rival = ({ body, proofs }: Transaction): Transaction =>
  makeTransaction({ ...body, fee: body.fee + 1_000n }, proofs, curve);

test('takes in what the next block could hold, once, and the first of two rivals', () => {
  const { pool, make } = ready();
  const first = make(1_000_000n);
  pool.add(first.bytes);
  assert.throws(() => pool.add(first.bytes), { code: 'MEMPOOL_KNOWN' });
  assert.throws(() => pool.add(rival(first).bytes), { code: 'MEMPOOL_CONFLICT' });
  assert.throws(() => pool.add(make(10n).bytes), { code: 'FEE_TOO_LOW' });
  assert.throws(() => pool.add(make(10n ** 6n, 3).bytes), {
    code: 'TRANSACTION_EXPIRED',
  });
  assert.throws(() => pool.add(first.bytes.subarray(1)), { code: 'CODEC_INVALID' });
  assert.equal(pool.size, 1);
  assert.equal(pool.bytes, first.bytes.length);
});

test('a full pool gives way to what pays more, and blocks take the best paid first', () => {
  const { pool, make } = ready();
  const made = [3n, 1n, 4n, 2n].map((n) => make(n * 1_000_000n));
  for (const transaction of made) pool.add(transaction.bytes);
  assert.throws(() => pool.add(make(1_000_000n).bytes), { code: 'MEMPOOL_FULL' });
  const best = make(9_000_000n);
  pool.add(best.bytes);
  assert.equal(pool.size, 4);
  assert.ok(!pool.has(Mempool.idOf(made[1]!.bytes)));
  assert.deepEqual(
    pool.select().map(({ body }) => body.fee / 1_000_000n),
    [9n, 4n, 3n, 2n],
  );
});

test('what is heavier than a block may be does not wait in vain, at a fee that it would never pay', () => {
  const parameters = { ...TEST_PARAMETERS, maxBlockWeight: 2_700 };
  const ledger = trustingLedger(genesisOf(parameters));
  growTo(ledger, 4);
  const pool = new Mempool(ledger);
  const { weight } = pool.add(transactionOf(ledger, random, { inputs: 1 }).bytes);
  assert.ok(weight < parameters.maxBlockWeight);
  const [validator, owner] = [signer('heavy'), signer('owner')];
  const bond = { validator: validator.publicKey, owner: owner.publicKey, payout: somebody, commission: 0 };
  const bonding = [{ name: 'bond', body: { ...bond, amount: 10n ** 12n } }] as const;
  const heavy = transactionOf(ledger, random, { inputs: 1, actions: bonding, signers: [validator, owner] });
  assert.ok(heavy.weight > parameters.maxBlockWeight);
  assert.throws(() => pool.add(heavy.bytes), {
    code: 'TRANSACTION_INVALID',
    message: /heavier than a block/,
  });
  assert.equal(pool.size, 1);
});

test('a proof that a validator has signed twice costs nothing, comes first, and waits once', () => {
  const { ledger, pool, make } = ready();
  const [validator, owner] = [signer('pool validator'), signer('pool owner')];
  const bond = { validator: validator.publicKey, owner: owner.publicKey, payout: somebody, commission: 0 };
  const actions = [{ name: 'bond', body: { ...bond, amount: 10n ** 12n } }] as const;
  grow(ledger, transactionOf(ledger, random, { inputs: 1, actions, signers: [validator, owner] }));
  const proof = (round: number, blocks: [number, number] = [1, 2], height = 5) => {
    const body = doubleVote(TEST_PARAMETERS.chainId, validator, { height, round }, blocks);
    return transactionOf(ledger, random, { actions: [{ name: 'evidence', body }] });
  };
  for (const n of [3n, 1n, 4n, 2n]) pool.add(make(n * 1_000_000n).bytes);
  assert.throws(() => pool.add(proof(0, [1, 1]).bytes), { code: 'TRANSACTION_INVALID' });
  assert.throws(() => pool.add(proof(0, [1, 2], 9).bytes), { code: 'TRANSACTION_INVALID' });
  const first = proof(0);
  assert.equal(first.body.fee, 0n);
  pool.add(first.bytes);
  assert.equal(pool.size, 4, 'a full pool makes room');
  assert.throws(() => pool.add(proof(1).bytes), { code: 'MEMPOOL_CONFLICT' });
  assert.deepEqual(pool.select()[0]!.hashes.id, first.hashes.id);
  grow(ledger, ...pool.select());
  pool.prune();
  assert.ok(!pool.has(Mempool.idOf(first.bytes)));
  assert.throws(() => pool.add(proof(1).bytes), {
    code: 'TRANSACTION_INVALID',
    message: /already been removed/,
  });
});

test('a selection can be applied as it is; afterwards nothing of it is left, nor what has expired', () => {
  const { ledger, pool, make } = ready();
  const [kept, included] = [make(1_000_000n, 7), make(2_000_000n)];
  pool.add(kept.bytes);
  pool.add(included.bytes);
  grow(ledger, included);
  pool.prune();
  assert.ok(pool.has(Mempool.idOf(kept.bytes)) && !pool.has(Mempool.idOf(included.bytes)));
  assert.throws(() => pool.add(included.bytes), { code: 'OUTPUT_SPENT' });
  growTo(ledger, 7);
  pool.prune();
  assert.equal(pool.size, 0);
  assert.equal(pool.bytes, 0);
});

test('without inputs one transaction waits for an account and its signers, until the account has moved on', () => {
  const { ledger, pool } = ready();
  const node = signer('pool node');
  const register = (deposit: bigint, withdraw: bigint, sequence: number, fee: bigint) => ({
    actions: [
      {
        name: 'nodeRegister',
        body: {
          node: node.publicKey,
          payout: somebody,
          deposit,
          withdraw,
          refund: someRefund,
          sequence,
          fee,
        },
      } as const,
    ],
    signers: [node],
    inputs: deposit > 0n ? 1 : 0,
  });
  grow(ledger, transactionOf(ledger, random, register(10n ** 9n, 0n, 0, 0n)));
  const [first, second] = [100_000n, 105_000n].map((fee) =>
    transactionOf(ledger, random, register(0n, 1_000n, 1, fee)),
  ) as [Transaction, Transaction];
  pool.add(first.bytes);
  assert.throws(() => pool.add(second.bytes), { code: 'MEMPOOL_CONFLICT' });
  grow(ledger, second);
  pool.prune();
  assert.equal(pool.size, 0, 'its sequence is gone');
});

test('thousands of cheap transfers shut nobody out: a full pool gives them up one by one, without a sort', () => {
  const ledger = trustingLedger();
  growTo(ledger, 4);
  const pool = new Mempool(ledger, { maxCount: 2_000 });
  const make = (fee: bigint) => transactionOf(ledger, random, { inputs: 1, fee });
  for (let n = 0; n < 2_000; n++) pool.add(make(1_000_000n).bytes);
  assert.throws(() => pool.add(make(1_000_000n).bytes), { code: 'MEMPOOL_FULL' });
  const better = Array.from({ length: 50 }, (_, n) => make(1_100_000n + BigInt(n)));
  for (const one of better) pool.add(one.bytes);
  assert.equal(pool.size, 2_000);
  assert.ok(better.every(({ bytes }) => pool.has(Mempool.idOf(bytes))));
  assert.equal(pool.select()[0]!.body.fee, 1_100_049n);
});

test('bytes are bounded too, and one that is worth more takes the place of as many as it needs', () => {
  const { ledger } = ready();
  const small = (fee: bigint) => transactionOf(ledger, random, { inputs: 1, fee });
  const large = transactionOf(ledger, random, { inputs: 4, fee: 40_000_000n });
  const { length } = small(1n).bytes;
  const pool = new Mempool(ledger, { maxBytes: 4 * length });
  for (const fee of [1n, 2n, 3n, 4n]) pool.add(small(fee * 1_000_000n).bytes);
  pool.add(large.bytes);
  assert.ok(pool.bytes <= 4 * length);
  assert.deepEqual(
    pool.select().map(({ body }) => body.fee / 1_000_000n),
    [40n, 4n, 3n].slice(0, pool.size),
  );
});

test('of two that spend the same the first stays, unless the second pays an eighth more of everything', () => {
  const { pool, make } = ready();
  const first = make(8_000_000n);
  const raised = ({ body, proofs }: Transaction, fee: bigint) =>
    makeTransaction({ ...body, fee }, proofs, curve);
  pool.add(first.bytes);
  assert.throws(() => pool.add(raised(first, 8_900_000n).bytes), { code: 'MEMPOOL_CONFLICT' });
  const second = raised(first, 9_100_000n);
  pool.add(second.bytes);
  assert.equal(pool.size, 1);
  assert.ok(pool.has(Mempool.idOf(second.bytes)));
  assert.throws(() => pool.add(first.bytes), { code: 'MEMPOOL_CONFLICT' });
});

test('proofs are verified only of what passes every cheaper check', () => {
  let verified = 0;
  const counting = { ...trustingSpends, verify: () => void verified++ };
  const ledger = Ledger.create(genesisOf(), { store: new MemoryStore(), curve, spends: counting });
  growTo(ledger, 4);
  const pool = new Mempool(ledger, { maxCount: 2 });
  const make = (fee: bigint, expiry?: number) =>
    transactionOf(ledger, random, { inputs: 1, fee, ...(expiry && { expiry }) });
  const spent = make(5_000_000n);
  grow(ledger, spent);
  const waiting = [make(2_000_000n), make(3_000_000n)];
  for (const one of waiting) pool.add(one.bytes);
  verified = 0;
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(70_000), 'CODEC_INVALID'],
    [waiting[0]!.bytes, 'MEMPOOL_KNOWN'],
    [waiting[0]!.bytes.subarray(1), 'CODEC_INVALID'],
    [make(5_000_000n, 2).bytes, 'TRANSACTION_EXPIRED'],
    [make(10n).bytes, 'FEE_TOO_LOW'],
    [make(1_000_000n).bytes, 'MEMPOOL_FULL'],
    [rival(waiting[1]!).bytes, 'MEMPOOL_CONFLICT'],
    [spent.bytes, 'OUTPUT_SPENT'],
  ];
  for (const [bytes, code] of cases) assert.throws(() => pool.add(bytes), { code });
  assert.equal(verified, 0);
});

test('making a block tries a bounded number of what does not hold, and forgets it', () => {
  const { ledger } = ready();
  const pool = new Mempool(ledger);
  const [validator, owner] = [signer('crowded'), signer('owner')];
  const bond = { validator: validator.publicKey, owner: owner.publicKey, payout: somebody, commission: 0 };
  const bonding = [{ name: 'bond', body: { ...bond, amount: 10n ** 12n } }] as const;
  grow(ledger, transactionOf(ledger, random, { inputs: 1, actions: bonding, signers: [validator, owner] }));
  const more = { validator: validator.publicKey, delegator: owner.publicKey, amount: 10n ** 9n };
  for (let n = 0; n < 300; n++) {
    const actions = [{ name: 'delegate', body: more }] as const;
    pool.add(transactionOf(ledger, random, { inputs: 1, fee: 50_000_000n, actions }).bytes);
  }
  // Comes first, and then nothing can be delegated to the validator any more.
  const body = doubleVote(TEST_PARAMETERS.chainId, validator, { height: 5 });
  const proof = [{ name: 'evidence', body }] as const;
  pool.add(transactionOf(ledger, random, { actions: proof }).bytes);
  const honest = transactionOf(ledger, random, { inputs: 1, fee: 20_000_000n });
  pool.add(honest.bytes);
  grow(ledger, ...pool.select());
  pool.prune();
  pool.select();
  assert.ok(
    pool.select().some(({ body }) => body.fee === honest.body.fee),
    'the second block has room for it',
  );
  assert.equal(pool.size, 1);
});

test('after a block no more is checked again than a block could hold', () => {
  const store = new MemoryStore();
  let read = 0;
  const counting = new Proxy(store, {
    get: (target, name) => {
      if (name !== 'get') return Reflect.get(target, name).bind(target);
      return (key: Uint8Array) => {
        if (key[0] === validators.tag) read++;
        return target.get(key);
      };
    },
  });
  const parameters = { ...TEST_PARAMETERS, maxBlockWeight: 14_000 };
  const ledger = trustingLedger(genesisOf(parameters), counting);
  growTo(ledger, 4);
  const pool = new Mempool(ledger);
  const one = (number: number) => {
    const [validator, owner] = [signer(`waiting ${number}`), signer('owner')];
    const body = { validator: validator.publicKey, owner: owner.publicKey, payout: somebody, commission: 0 };
    const actions = [{ name: 'bond', body: { ...body, amount: 10n ** 12n } }] as const;
    return pool.add(transactionOf(ledger, random, { inputs: 1, actions, signers: [validator, owner] }).bytes);
  };
  const { weight } = one(0);
  for (let number = 1; number < 50; number++) one(number);
  grow(ledger);
  read = 0;
  pool.prune();
  const eachReads = 3;
  assert.ok(read > 0 && read <= eachReads * (parameters.maxBlockWeight / weight + 2), `${read} records read`);
});

test('of transactions that act for one key with private money one waits too, so that none is there to fill a block with misses', () => {
  const { ledger, make } = ready();
  const pool = new Mempool(ledger);
  const honest = make(1_000_000n);
  pool.add(honest.bytes);
  const validator = signer('contested');
  const bonding = (number: number, fee: bigint) => {
    const owner = signer(`owner ${number}`);
    const body = { validator: validator.publicKey, owner: owner.publicKey, payout: somebody, commission: 0 };
    const actions = [{ name: 'bond', body: { ...body, amount: 10n ** 12n } }] as const;
    return transactionOf(ledger, random, { inputs: 1, fee, actions, signers: [validator, owner] });
  };
  pool.add(bonding(0, 9_000_000n).bytes);
  for (let i = 1; i < 300; i++)
    assert.throws(() => pool.add(bonding(i, 9_000_000n).bytes), { code: 'MEMPOOL_CONFLICT' });
  assert.deepEqual(
    pool.select().map(({ body }) => body.fee),
    [9_000_000n, 1_000_000n],
  );
  const delegating = (delegator: string) =>
    transactionOf(ledger, random, {
      inputs: 1,
      actions: [
        {
          name: 'delegate',
          body: { validator: validator.publicKey, delegator: signer(delegator).publicKey, amount: 10n ** 9n },
        },
      ],
    });
  grow(ledger, bonding(0, 9_000_000n));
  for (const name of ['one', 'two', 'one']) pool.add(delegating(name).bytes);
});

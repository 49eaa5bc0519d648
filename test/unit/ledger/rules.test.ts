import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toWire } from '#crypto';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { Mempool } from '../../../src/ledger/mempool.ts';
import type { Body } from '../../../src/ledger/transaction/body.ts';
import type { SpendProof } from '../../../src/ledger/transaction/proofs.ts';
import { makeTransaction, type Transaction } from '../../../src/ledger/transaction/transaction.ts';
import {
  curve,
  deterministic,
  grow,
  growTo,
  somebody,
  TEST_PARAMETERS,
  transactionOf,
  trustingLedger,
} from '../../support/ledger/chain.ts';
import { chainOf, realLedger, walletOf } from '../../support/ledger/wallets.ts';

const TORCH = 1_000_000_000n;

function block(ledger: Ledger, ...transactions: Transaction[]) {
  return ledger.apply({ height: ledger.head.height + 1, transactions });
}

function refused(ledger: Ledger, transaction: Transaction, why: RegExp): void {
  assert.throws(() => block(ledger, transaction), { code: 'TRANSACTION_INVALID', message: why });
}

const random = deterministic('rules');

test('shape: chain, expiry, rings that repeat, no effect, fees', () => {
  const ledger = trustingLedger();
  growTo(ledger, 4);
  const made = transactionOf(ledger, random, { inputs: 2 });
  const changed = (body: Partial<Body>) => makeTransaction({ ...made.body, ...body }, made.proofs, curve);
  block(ledger, made);
  refused(ledger, changed({ chainId: new Uint8Array(32) }), /another chain/);
  refused(ledger, changed({ expiry: 4 }), /expired/);
  refused(ledger, changed({ expiry: 5 + TEST_PARAMETERS.expiryWindow + 1 }), /expires too late/);
  refused(ledger, changed({ fee: BigInt(made.weight - 4) * TEST_PARAMETERS.startFee }), /fee is too low/);
  const [first, second] = made.body.inputs as [Body['inputs'][0], Body['inputs'][0]];
  refused(ledger, changed({ inputs: [first, { ...second, ring: first.ring }] }), /same ring/);
  refused(ledger, changed({ inputs: [second, first] }), /order of key images/);
  refused(
    ledger,
    changed({ inputs: [first, { ...second, keyImage: first.keyImage }] }),
    /order of key images/,
  );
  const far = first.ring.with(15, 5_000);
  refused(ledger, changed({ inputs: [{ ...first, ring: far }, second] }), /does not exist/);
  refused(ledger, transactionOf(ledger, random, { fee: 0n }), /does nothing/);
});

test('blocks: heights follow, weight is bounded, ring members have to be old enough', () => {
  const ledger = trustingLedger();
  const early = transactionOf(ledger, random, { inputs: 1 });
  refused(ledger, early, /not mature/);
  growTo(ledger, TEST_PARAMETERS.mintMaturity - 2);
  refused(ledger, early, /not mature/);
  growTo(ledger, TEST_PARAMETERS.mintMaturity - 1);
  block(ledger, early);
  growTo(ledger, TEST_PARAMETERS.mintMaturity);
  assert.throws(() => ledger.apply({ height: 9, transactions: [] }), { code: 'BLOCK_INVALID' });
  const heavy = Array.from({ length: 180 }, () => transactionOf(ledger, random, { inputs: 1 }));
  assert.throws(() => block(ledger, ...heavy), { code: 'BLOCK_INVALID', message: /weight/ });
  const result = block(ledger, ...heavy.slice(0, 100));
  assert.throws(() => ledger.commit({ ...result, height: 8 }), { code: 'BLOCK_INVALID' });
  assert.throws(() => block(ledger, heavy[0]!, heavy[0]!), /already spent/);
  ledger.commit(result);
  refused(ledger, heavy[0]!, /already spent/);
});

test('the base fee rises after full blocks and falls after empty ones', () => {
  const ledger = trustingLedger();
  growTo(ledger, 4);
  const full = Array.from({ length: 125 }, () => transactionOf(ledger, random, { inputs: 1 }));
  const cheap = transactionOf(ledger, random, { inputs: 1, fee: BigInt(full[0]!.weight) * 10n });
  block(ledger, cheap);
  grow(ledger, ...full);
  refused(ledger, cheap, /fee is too low/);
  grow(ledger);
  grow(ledger);
  block(ledger, cheap);
});

/** A sound transfer on a real chain, and a way to sign a body that differs in one thing. */
async function sound() {
  const alice = walletOf('rules alice');
  const ledger = realLedger([alice.address()], 17);
  const chain = chainOf(ledger);
  await alice.scan(chain);
  const plan = await alice.plan({ payments: [{ to: somebody, amount: TORCH }] }, chain);
  const transaction = await alice.sign(plan, chain);
  return { ledger, transaction };
}

/** Points with torsion, scalars beside the range and bytes are in test/swarm/ledger/hostile-transaction.test.ts. */
test('real proofs: the ledger refuses every modification', async () => {
  const { ledger, transaction } = await sound();
  const { body, proofs } = transaction;
  const spend = proofs.spend!;
  block(ledger, transaction);
  const withBody = (change: Partial<Body>) => makeTransaction({ ...body, ...change }, proofs, curve);
  const withSpend = (change: Partial<SpendProof>) =>
    makeTransaction(body, { ...proofs, spend: { ...spend, ...change } }, curve);
  const [output, other] = body.outputs as [Body['outputs'][0], Body['outputs'][0]];
  const one = curve.encode(curve.base);
  const zero = new Uint8Array(32);
  const cases: [string, Transaction, RegExp][] = [
    ['fee', withBody({ fee: body.fee + 1n }), /do not balance/],
    ['memo', withBody({ memo: Uint8Array.of(1) }), /ring signature is wrong/],
    ['expiry', withBody({ expiry: body.expiry - 1 }), /ring signature is wrong/],
    [
      'key',
      withBody({ outputs: [{ ...output, key: toWire(one, curve) }, other] }),
      /ring signature is wrong/,
    ],
    [
      'amount',
      withBody({ outputs: [{ ...output, encryptedAmount: new Uint8Array(8) }, other] }),
      /ring signature/,
    ],
    ['outputs swapped', withBody({ outputs: [other, output] }), /ring signature is wrong/],
    [
      'commitment',
      withBody({ outputs: [{ ...output, commitment: toWire(one, curve) }, other] }),
      /do not balance/,
    ],
    ['identity', withBody({ outputs: [{ ...output, key: one.with(0, 1).fill(0, 1) }, other] }), /identity/],
    [
      'no point',
      withBody({ outputs: [{ ...output, key: new Uint8Array(32).fill(2) }, other] }),
      /does not decode/,
    ],
    [
      'key image',
      withBody({ inputs: [{ ...body.inputs[0]!, keyImage: toWire(one, curve) }] }),
      /ring signature/,
    ],
    ['pseudo-out', withSpend({ pseudoOuts: [toWire(one, curve)] }), /do not balance/],
    ['range proof', withSpend({ range: { ...spend.range, s1: zero } }), /ring signature is wrong/],
  ];
  for (const [what, changed, why] of cases) {
    assert.throws(() => block(ledger, changed), { code: 'TRANSACTION_INVALID', message: why }, what);
  }
  assert.throws(() => new Mempool(ledger).add(cases[1]![1].bytes), /ring signature is wrong/);
});

test('proofs that the pool has verified are not verified again in a block', async () => {
  const { ledger, transaction } = await sound();
  const pool = new Mempool(ledger);
  pool.add(transaction.bytes);
  assert.ok(ledger.verified.has(transaction.hashes.id));
  const forged = makeTransaction({ ...transaction.body, memo: Uint8Array.of(1) }, transaction.proofs, curve);
  assert.ok(!ledger.verified.has(forged.hashes.id));
  refused(ledger, forged, /ring signature is wrong/);
  block(ledger, transaction);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { supplyRecord, validators } from '../../../src/ledger/accounts/index.ts';
import { Mempool } from '../../../src/ledger/mempool.ts';
import { emissionOf } from '../../../src/ledger/state/epoch.ts';
import { makeTransaction } from '../../../src/ledger/transaction/transaction.ts';
import { alice, bob, carol, ready, send } from '../../support/ledger/acting.ts';
import {
  curve,
  deterministic,
  genesisOf,
  growTo,
  somebody,
  TEST_PARAMETERS,
  transactionOf,
  trustingLedger,
} from '../../support/ledger/chain.ts';

const random = deterministic('execute');
const known = () => true;

test('of a decided block only what holds has an effect, and it is the effect that it has alone', () => {
  const ledger = ready();
  const [first, second] = [1, 2].map(() => transactionOf(ledger, random, { inputs: 1 }));
  const rival = makeTransaction({ ...first!.body, fee: first!.body.fee + 1n }, first!.proofs, curve);
  const expired = transactionOf(ledger, random, { inputs: 1, expiry: 3 });
  const height = ledger.head.height + 1;
  const block = { height, transactions: [first!, rival, expired, second!] };
  const { refusals, ...result } = ledger.execute(block, known);
  assert.deepEqual(
    refusals.map((refusal) => refusal?.message ?? ''),
    ['', 'transaction refused: an input is already spent', 'transaction refused: it has expired', ''],
  );
  assert.deepEqual(result, ledger.apply({ height, transactions: [first!, second!] }));
});

test('a spend that nobody has verified has no effect in a decided block', () => {
  const ledger = ready();
  const spend = transactionOf(ledger, random, { inputs: 1 });
  const block = { height: ledger.head.height + 1, transactions: [spend] };
  const { refusals } = ledger.execute(block, () => false);
  assert.match(refusals[0]!.message, /proofs are not valid/);
});

test('a decided block over the weight keeps what fits', () => {
  const ledger = ready();
  const many = Array.from({ length: 200 }, () => transactionOf(ledger, random, { inputs: 1 }));
  const { refusals } = ledger.execute({ height: ledger.head.height + 1, transactions: many }, known);
  const fit = Math.floor(TEST_PARAMETERS.maxBlockWeight / many[0]!.weight);
  assert.equal(refusals.filter((refusal) => !refusal).length, fit);
  assert.match(refusals.at(-1)!.message, /the block is full/);
});

test('an offender that consensus has proved loses as by an Evidence, once', () => {
  const ledger = ready();
  const bond = { validator: alice.publicKey, owner: bob.publicKey, payout: somebody, commission: 0 };
  send(ledger, {
    inputs: 1,
    signers: [alice, bob],
    actions: [{ name: 'bond', body: { ...bond, amount: 10n ** 12n } }],
  });
  const burnedBefore = supplyRecord.bucket.get(ledger.state, null)!.burned;
  for (let again = 0; again < 2; again++) {
    const block = {
      height: ledger.head.height + 1,
      transactions: [],
      offenders: [{ validator: alice.publicKey, height: 1 }],
    };
    ledger.commit(ledger.execute(block, known));
    const validator = validators.bucket.get(ledger.state, alice.publicKey)!;
    assert.equal(validator.tombstoned, 1);
    assert.equal(validator.tokens, 0n, 'all offenders are the whole of the bonded: all is lost');
    assert.equal(supplyRecord.bucket.get(ledger.state, null)!.burned - burnedBefore, 10n ** 12n);
  }
});

test('an epoch rewards by power: a bond in the place of none, more tokens for the others', () => {
  const genesis = genesisOf();
  const founder = { validator: alice.publicKey, owner: bob.publicKey, payout: somebody, commission: 1_000 };
  const ledger = trustingLedger({ ...genesis, validators: [{ ...founder, tokens: 0n }] });
  growTo(ledger, TEST_PARAMETERS.epochBlocks - 1);
  const { minted } = supplyRecord.bucket.get(ledger.state, null)!;
  const pool = (emissionOf(minted, TEST_PARAMETERS) * 4_000n) / 10_000n;
  const powers = [
    { key: alice.publicKey, power: 3 },
    { key: carol.publicKey, power: 1 },
  ];
  const result = ledger.execute({ height: TEST_PARAMETERS.epochBlocks, transactions: [], powers }, known);
  ledger.commit(result);
  const own = (pool * 3n) / 4n;
  const { tokens, shares } = validators.bucket.get(ledger.state, alice.publicKey)!;
  assert.equal(tokens, own - own / 10n);
  assert.equal(shares, tokens, 'all of it is its owner’s');
  assert.equal(result.created.length, 1, 'the commission');
});

test('a selection keeps to the bytes, and takes transactions that wait elsewhere', () => {
  const ledger = ready();
  const pool = new Mempool(ledger);
  const [own, other] = [3n, 4n].map((n) => transactionOf(ledger, random, { inputs: 1, fee: n * 1_000_000n }));
  pool.add(own!.bytes);
  const others = [other!, own!];
  assert.deepEqual(
    pool.select({ others }).map(({ hashes }) => hashes.id),
    [other!.hashes.id, own!.hashes.id],
  );
  const maxBytes = other!.bytes.length + 5;
  assert.equal(pool.select({ others, maxBytes, framing: 5 }).length, 1);
  assert.equal(pool.select({ others, maxBytes, framing: 6 }).length, 0);
});

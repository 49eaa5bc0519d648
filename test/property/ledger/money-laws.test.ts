/** What holds whatever strangers put into blocks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf, toHex } from '#base';
import { lossOf, supplyRecord, validators, withdrawals } from '../../../src/ledger/accounts/index.ts';
import type { Action } from '../../../src/ledger/actions/registry.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import {
  deterministic,
  genesisOf,
  growTo,
  signer,
  somebody,
  someRefund,
  TEST_PARAMETERS,
  transactionOf,
  trustingLedger,
} from '../../support/ledger/chain.ts';
import { doubleVote } from '../../support/ledger/double-vote.ts';
import { RandomBlocks } from '../../support/ledger/random-blocks.ts';

const TORCH = 1_000_000_000n;
const SEEDS = ['laws 0', 'laws 4'];
const BLOCKS = 150;

const supplyOf = (ledger: Ledger) => supplyRecord.bucket.get(ledger.state, null)!;

test('no sequence of actions makes money, shortens the unbonding time, or gives a slashed coin back', () => {
  let slashed = 0;
  for (const seed of SEEDS) {
    const ledger = trustingLedger(genesisOf({ ...TEST_PARAMETERS, downtimeBlocks: 5, jailBlocks: 3 }));
    growTo(ledger, 4);
    const blocks = new RandomBlocks(ledger, seed, 6, 6);
    for (let i = 0; i < BLOCKS; i++) {
      const height = ledger.head.height + 1;
      const before = supplyOf(ledger);
      const waiting = [...withdrawals.bucket.entries(ledger.state)];
      const lossBefore = waiting.map(([[of, bond], record]) => {
        const validator = of === 'validator' ? validators.bucket.get(ledger.state, bond) : undefined;
        return validator ? lossOf(validator, record) : 0n;
      });
      const result = ledger.apply({ height, transactions: blocks.next() });
      ledger.commit(result);
      const after = supplyOf(ledger);
      assert.equal(after.minted, after.burned + after.shielded + after.open);
      const paid = result.created
        .filter(({ minted }) => minted === 1)
        .reduce((sum, { amount }) => sum + Buffer.from(amount).readBigUInt64LE(), 0n);
      assert.ok(after.shielded - before.shielded <= paid, 'money left accounts beside the queues');
      let lost = 0n;
      for (const [at, [key, record]] of waiting.entries()) {
        const still = withdrawals.bucket.get(ledger.state, key);
        if (still) assert.deepEqual(still, record, 'a withdrawal changes on its way');
        else {
          assert.ok(height >= record.begun + TEST_PARAMETERS.unbondingBlocks, 'paid before its time');
          lost += lossBefore[at]!;
        }
      }
      if (lost > 0n) slashed++;
      assert.ok(after.burned - before.burned >= lost, 'a slashed coin was paid out');
    }
    blocks.audit();
  }
  assert.ok(slashed > 0, 'no withdrawal was ever slashed: the test shows nothing');
});

const cast = ['p', 'q'].map(signer);
const one = fc.constantFrom(...cast.map(({ publicKey }) => publicKey));
const extreme = fc.oneof(
  fc.constantFrom(0n, 1n, TORCH, 10n ** 15n, 2n ** 62n, 2n ** 63n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const count = fc.oneof(fc.nat(100), fc.constantFrom(0, 2 ** 31, Number.MAX_SAFE_INTEGER));
const constant = <T>(value: T) => fc.constant(value);

/** Bodies of every kind that moves amounts, with amounts and numbers at the ends of their ranges. */
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    name: constant('bond' as const),
    body: fc.record({
      validator: one,
      owner: one,
      payout: constant(somebody),
      commission: fc.nat(10_000),
      amount: extreme,
    }),
  }),
  fc.record({
    name: constant('delegate' as const),
    body: fc.record({ validator: one, delegator: one, amount: extreme }),
  }),
  fc.record({
    name: constant('undelegate' as const),
    body: fc.record({
      validator: one,
      delegator: one,
      shares: extreme,
      refund: constant(someRefund),
      sequence: fc.nat(2),
      fee: fc.oneof(extreme, constant(60_000n)),
    }),
  }),
  fc.record({
    name: constant('unjail' as const),
    body: fc.record({ validator: one, sequence: fc.nat(2), fee: extreme }),
  }),
  fc.record({
    name: constant('nodeRegister' as const),
    body: fc.record({
      node: one,
      payout: constant(somebody),
      deposit: extreme,
      withdraw: extreme,
      refund: constant(someRefund),
      sequence: fc.nat(2),
      fee: fc.oneof(extreme, constant(60_000n)),
    }),
  }),
  fc.record({
    name: constant('escrowOpen' as const),
    body: fc.record({
      escrow: one,
      value: extreme,
      deposit: extreme,
      deadline: count,
      refund: constant(someRefund),
      caps: fc.array(fc.record({ node: one, cap: extreme }), { maxLength: 2 }),
    }),
  }),
  fc.record({
    name: constant('escrowAmend' as const),
    body: fc.record({
      escrow: one,
      deadline: count,
      sequence: fc.nat(2),
      changes: fc.array(fc.record({ node: one, cap: extreme, consent: constant(0 as const) }), {
        minLength: 1,
        maxLength: 2,
      }),
      fee: fc.oneof(extreme, constant(8_000n)),
    }),
  }),
  fc.record({
    name: constant('escrowClose' as const),
    body: fc.record({
      escrow: one,
      deadline: count,
      finals: fc.array(fc.record({ node: one, amount: extreme }), { maxLength: 2 }),
      fee: fc.oneof(extreme, constant(60_000n)),
    }),
  }),
  fc.record({
    name: constant('escrowSettle' as const),
    body: fc.record({
      node: one,
      claims: fc.array(
        fc.record({
          escrow: one,
          deadline: count,
          sequence: fc.integer({ min: 1, max: 2 }),
          tokensIn: count,
          tokensOut: count,
          amount: extreme,
          transcript: constant(new Uint8Array(32)),
          signature: constant(new Uint8Array(64)),
        }),
        { minLength: 1, maxLength: 2 },
      ),
      fee: fc.oneof(extreme, constant(60_000n)),
    }),
  }),
  fc.record({
    name: constant('evidence' as const),
    body: fc
      .tuple(fc.constantFrom(...cast), fc.constantFrom(1, 4, 5, 6, 50, Number.MAX_SAFE_INTEGER), fc.nat(2))
      .map(([key, height, round]) => doubleVote(TEST_PARAMETERS.chainId, key, { height, round })),
  }),
);

const founders = cast.map(({ publicKey }) => ({
  validator: publicKey,
  owner: publicKey,
  payout: somebody,
  commission: 0,
  tokens: 10n * TORCH,
}));

/** Who has to sign, as far as an outsider knows: both of a cast of two, in every order there is. */
const signers = fc.array(fc.constantFrom(...cast), { maxLength: 3 });

/** Draughts that are good, so that the others find something to break. */
const good = fc.constantFrom(...cast).map((key) => ({
  actions: [
    {
      name: 'delegate' as const,
      body: { validator: key.publicKey, delegator: key.publicKey, amount: TORCH },
    },
    {
      name: 'undelegate' as const,
      body: {
        validator: key.publicKey,
        delegator: key.publicKey,
        shares: TORCH,
        refund: someRefund,
        sequence: 0,
        fee: 60_000n,
      },
    },
  ],
  signers: [key],
  inputs: 1,
}));

test('no transaction makes a block fail: whatever its amounts, it is carried out or refused with a reason', () => {
  const taken = new Set<string>();
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          good,
          fc.record({
            actions: fc.array(action, { minLength: 1, maxLength: 4 }),
            signers,
            inputs: fc.constantFrom(0, 1, 1),
          }),
        ),
        { minLength: 1, maxLength: 12 },
      ),
      (draughts) => {
        const ledger = trustingLedger({ ...genesisOf(), validators: founders });
        growTo(ledger, 4);
        const random = deterministic('extremes');
        for (const draught of draughts) {
          let transaction: ReturnType<typeof transactionOf>;
          try {
            transaction = transactionOf(ledger, random, draught);
          } catch (error) {
            // A fee that no field holds cannot be spelled.
            assert.equal(codeOf(error), 'CODEC_INVALID');
            continue;
          }
          const height = ledger.head.height + 1;
          const result = ledger.execute({ height, transactions: [transaction] }, () => true);
          if (!result.refusals[0]) for (const { name } of draught.actions) taken.add(name);
          else assert.equal(codeOf(result.refusals[0]), 'TRANSACTION_INVALID');
          ledger.commit(result);
        }
        growTo(ledger, ledger.head.height + 60);
        const { minted, burned, shielded, open } = supplyOf(ledger);
        assert.equal(minted, burned + shielded + open);
      },
    ),
    { numRuns: 50, seed: 7 },
  );
  assert.ok(taken.has('delegate') && taken.has('undelegate'), `too little was taken: ${[...taken]}`);
});

test('no bytes make a block fail', () => {
  const ledger = trustingLedger();
  growTo(ledger, 4);
  const random = deterministic('bytes');
  const samples = [
    transactionOf(ledger, random, { inputs: 2 }),
    transactionOf(ledger, random, {
      inputs: 1,
      actions: [
        {
          name: 'delegate',
          body: { validator: cast[0]!.publicKey, delegator: cast[1]!.publicKey, amount: TORCH },
        },
      ],
    }),
  ].map(({ bytes }) => bytes);
  const bent = fc
    .tuple(
      fc.constantFrom(...samples),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      fc.nat(8),
    )
    .map(([bytes, changes, cut]) => {
      const copy = bytes.slice(0, bytes.length - (cut > 6 ? cut : 0));
      for (const [at, value] of changes) copy[at % copy.length] = value;
      return copy;
    });
  const hash = toHex(ledger.head.appHash);
  fc.assert(
    fc.property(fc.oneof(bent, fc.uint8Array({ maxLength: 400 })), (bytes) => {
      let transaction: ReturnType<Ledger['parse']>;
      try {
        transaction = ledger.parse(bytes);
      } catch (error) {
        assert.equal(codeOf(error), 'CODEC_INVALID');
        return;
      }
      const { refusals } = ledger.execute({ height: 5, transactions: [transaction] }, () => true);
      if (refusals[0]) assert.equal(codeOf(refusals[0]), 'TRANSACTION_INVALID');
    }),
    { numRuns: 600, seed: 7 },
  );
  assert.equal(toHex(ledger.head.appHash), hash);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  delegations,
  nodes,
  supplyRecord,
  validators,
  withdrawals,
} from '../../../src/ledger/accounts/index.ts';
import type { Action } from '../../../src/ledger/actions/registry.ts';
import { ALL_SHARES } from '../../../src/ledger/constants.ts';
import {
  type Equivocation,
  equivocationOf,
  type JointVotes,
  singleVote,
} from '../../../src/ledger/equivocation.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { signVote } from '../../../src/ledger/vote.ts';
import {
  alice,
  bob,
  FEE,
  LOW_FEE,
  ready,
  refused,
  registering,
  send,
  TORCH,
} from '../../support/ledger/acting.ts';
import {
  type Draught,
  genesisOf,
  grow,
  growTo,
  signer,
  somebody,
  someRefund,
  TEST_PARAMETERS,
  trustingLedger,
} from '../../support/ledger/chain.ts';

const validator = signer('validator');
const owner = signer('owner');
const withdrawalsIn = (ledger: Ledger) =>
  [...withdrawals.bucket.entries(ledger.state)].map(([, record]) => record);

const bonding = (amount = 5n * TORCH, id = validator): Draught => ({
  inputs: 1,
  actions: [
    {
      name: 'bond',
      body: {
        validator: id.publicKey,
        owner: owner.publicKey,
        payout: somebody,
        commission: 1_000,
        amount,
      },
    },
  ],
  signers: [id, owner],
});

const undelegating = (shares: bigint, sequence: number): Draught => ({
  actions: [
    {
      name: 'undelegate',
      body: {
        validator: validator.publicKey,
        delegator: owner.publicKey,
        shares,
        refund: someRefund,
        sequence,
        fee: FEE,
      },
    },
  ],
  signers: [owner],
});

test('bond, delegate, undelegate: shares, the queue, and the money back', () => {
  const ledger = ready();
  refused(ledger, bonding(1n), /bond is too small/);
  refused(ledger, { ...bonding(), signers: [owner, validator] }, /signature is wrong/);
  refused(ledger, { ...bonding(), signers: [validator] }, /number of signatures/);
  send(ledger, bonding());
  refused(ledger, bonding(), /already exists/);
  const delegating: Action = {
    name: 'delegate',
    body: { validator: validator.publicKey, delegator: signer('friend').publicKey, amount: TORCH },
  };
  send(ledger, { inputs: 1, actions: [delegating] });
  assert.equal(validators.bucket.get(ledger.state, validator.publicKey)?.tokens, 6n * TORCH);

  refused(ledger, undelegating(6n * TORCH, 0), /that many shares/);
  refused(ledger, undelegating(TORCH, 1), /not the next one/);
  send(ledger, undelegating(2n * TORCH, 0));
  refused(ledger, undelegating(2n * TORCH, 0), /not the next one/);
  assert.equal(
    delegations.bucket.get(ledger.state, [validator.publicKey, owner.publicKey])?.shares,
    3n * TORCH,
  );
  const waiting = withdrawalsIn(ledger)[0]!;
  assert.equal(waiting.amount, 2n * TORCH - FEE);

  growTo(ledger, waiting.due - 1);
  assert.equal(withdrawalsIn(ledger).length, 1);
  const { created } = grow(ledger);
  assert.deepEqual(Buffer.from(created[0]!.amount).readBigUInt64LE(), 2n * TORCH - FEE);
  assert.equal(created[0]!.minted, 1);
  assert.equal(withdrawalsIn(ledger).length, 0);
});

test('an owner leaves its pool, or leaves the least bond in it: no crumb keeps a record, or makes shares coarse', () => {
  const ledger = trustingLedger(genesisOf({ ...TEST_PARAMETERS, validatorPart: 0 }));
  growTo(ledger, 4);
  send(ledger, bonding());
  refused(ledger, undelegating(5n * TORCH - 1n, 0), /remaining delegation is too small/);
  refused(ledger, undelegating(4n * TORCH + 1n, 0), /remaining delegation is too small/);
  send(ledger, undelegating(4n * TORCH, 0));
  send(ledger, undelegating(TORCH, 1));
  growTo(ledger, withdrawalsIn(ledger)[1]!.due);
  assert.equal(validators.bucket.get(ledger.state, validator.publicKey), undefined);
  assert.equal(delegations.bucket.get(ledger.state, [validator.publicKey, owner.publicKey]), undefined);
});

test('an epoch mints rewards for pools, and the commission to the owner', () => {
  const ledger = ready();
  send(ledger, bonding());
  const before = supplyRecord.bucket.get(ledger.state, null)!;
  growTo(ledger, TEST_PARAMETERS.epochBlocks - 1);
  const { created } = grow(ledger);
  const after = supplyRecord.bucket.get(ledger.state, null)!;
  const emission = (TEST_PARAMETERS.supplyCap - before.minted) >> 11n;
  const parts = (emission * 4_000n) / 10_000n;
  assert.equal(after.minted - before.minted, parts + (emission * 3_000n) / 10_000n);
  assert.equal(Buffer.from(created[0]!.amount).readBigUInt64LE(), parts / 10n);
  const pool = validators.bucket.get(ledger.state, validator.publicKey)!;
  assert.equal(pool.tokens, 5n * TORCH + parts - parts / 10n);
  assert.equal(pool.shares, 5n * TORCH);
});

test('a validator whose missed blocks exceed the signed ones by the limit is jailed, and can return after the jail time', () => {
  const ledger = trustingLedger(genesisOf({ ...TEST_PARAMETERS, downtimeBlocks: 3, jailBlocks: 4 }));
  growTo(ledger, 4);
  send(ledger, bonding());
  const after = (...signed: boolean[]) => {
    for (const one of signed) {
      const attendance = [{ validator: validator.publicKey, signed: one }];
      ledger.commit(ledger.apply({ height: ledger.head.height + 1, transactions: [], attendance }));
    }
    return validators.bucket.get(ledger.state, validator.publicKey)!;
  };
  const unjailing = (sequence: number): Draught => ({
    actions: [{ name: 'unjail', body: { validator: validator.publicKey, sequence, fee: LOW_FEE } }],
    signers: [owner],
  });
  assert.equal(after(true, false, false, true).missed, 1);
  refused(ledger, unjailing(0), /not in jail/);
  const { tokens, missed, jailedUntil } = after(false, false);
  const left = 5n * TORCH - (5n * TORCH) / 10_000n;
  assert.deepEqual({ tokens, missed, jailedUntil }, { tokens: left, missed: 0, jailedUntil: 15 });
  assert.equal(after(false, false).missed, 0, 'nothing counts while it is jailed');
  refused(ledger, unjailing(0), /not in jail, or its/);
  growTo(ledger, 14);
  send(ledger, unjailing(0));
  const pool = validators.bucket.get(ledger.state, validator.publicKey)!;
  assert.equal(pool.jailedUntil, 0);
  assert.equal(pool.tokens, left - LOW_FEE);
  refused(ledger, unjailing(0), /not in jail|not the next one/);
});

test('nodes register, change and leave', () => {
  const ledger = ready();
  refused(ledger, registering(alice, { deposit: 1n }), /bond is too small/);
  refused(
    ledger,
    registering(alice, { payout: { ...somebody, viewKey: new Uint8Array(32) } }),
    /prime order/,
  );
  send(ledger, registering());
  refused(ledger, registering(), /not the next one/);
  const leaving = { deposit: 0n, withdraw: TORCH - FEE, sequence: 1, fee: FEE };
  refused(ledger, { ...registering(alice, { ...leaving, withdraw: TORCH }), inputs: 0 }, /bond is too small/);
  send(ledger, { ...registering(alice, leaving), inputs: 0 });
  assert.equal(nodes.bucket.get(ledger.state, alice.publicKey)?.bond, 0n);
  const waiting = withdrawalsIn(ledger)[0]!;
  assert.equal(waiting.amount, TORCH - FEE);
});

const STEP = { height: 5, round: 0, kind: 1 as const };
const voting = (block: number, by = validator, height = 5) => {
  const vote = { chainId: TEST_PARAMETERS.chainId, ...STEP, height, block: new Uint8Array(32).fill(block) };
  return singleVote(vote.block, validator.publicKey, signVote(vote, by));
};
const evidenceOf = (body: Equivocation): Draught => ({ actions: [{ name: 'evidence', body }] });
const accusing = ([a, b]: readonly [JointVotes, JointVotes]): Draught =>
  evidenceOf(equivocationOf(STEP, a, b));

test('evidence of two votes: slashed with its withdrawals, out for ever, and whoever hands it in pays nothing', () => {
  const ledger = ready();
  send(ledger, bonding());
  send(ledger, bonding(45n * TORCH, bob));
  send(ledger, undelegating(TORCH, 0));
  refused(ledger, accusing([voting(1), voting(1)]), /votes are for one block/);
  const good = equivocationOf(STEP, voting(1), voting(2));
  refused(ledger, evidenceOf({ ...good, votes: [...good.votes].reverse() }), /not in order/);
  refused(ledger, accusing([voting(1), voting(2, owner)]), /not signed by its validator/);
  refused(ledger, accusing([voting(1), voting(2, validator, 6)]), /not signed by its validator/);
  const burned = supplyRecord.bucket.get(ledger.state, null)!.burned;
  const { created } = send(ledger, accusing([voting(1), voting(2)]));
  // What is on its way out since the offence is at stake as what is in the pool.
  const [own, all] = [5n * TORCH - FEE, 50n * TORCH - FEE];
  const fraction = (9n * 10_000n * own * own) / (all * all);
  const taken = (4n * TORCH * fraction) / 10_000n;
  const pool = validators.bucket.get(ledger.state, validator.publicKey)!;
  assert.equal(pool.tokens, 4n * TORCH - taken);
  assert.equal(pool.tombstoned, 1);
  assert.equal(created.length, 0);
  assert.equal(supplyRecord.bucket.get(ledger.state, null)!.burned - burned, taken);
  const left = TORCH - FEE - ((TORCH - FEE) * fraction) / 10_000n;
  refused(ledger, accusing([voting(1), voting(2)]), /already been removed/);
  refused(
    ledger,
    {
      inputs: 1,
      actions: [
        {
          name: 'delegate',
          body: { validator: validator.publicKey, delegator: owner.publicKey, amount: TORCH },
        },
      ],
    },
    /removed permanently/,
  );
  growTo(ledger, withdrawalsIn(ledger)[0]!.due - 1);
  assert.equal(Buffer.from(grow(ledger).created[0]!.amount).readBigUInt64LE(), left);
});

test('a stranger that delegates to an owner’s name does not hold up the withdrawal of everything', () => {
  const tokens = 1_000n * TORCH;
  const founding = { validator: validator.publicKey, owner: owner.publicKey, payout: somebody, tokens };
  const genesis = genesisOf({ ...TEST_PARAMETERS, validatorPart: 0, leastBond: 100n * TORCH });
  const ledger = trustingLedger({ ...genesis, validators: [{ ...founding, commission: 0 }] });
  growTo(ledger, 4);
  const of = { validator: validator.publicKey, delegator: owner.publicKey };
  const leaving = (shares: bigint): Draught => ({
    actions: [{ name: 'undelegate', body: { ...of, shares, refund: someRefund, sequence: 0, fee: FEE } }],
    signers: [owner],
  });
  send(ledger, { inputs: 1, actions: [{ name: 'delegate', body: { ...of, amount: TORCH } }] });
  refused(ledger, leaving(tokens), /remaining delegation is too small/);
  send(ledger, leaving(ALL_SHARES));
  assert.equal(validators.bucket.get(ledger.state, of.validator)!.tokens, 0n);
  assert.equal(validators.bucket.get(ledger.state, of.validator)!.leaving, tokens + TORCH - FEE);
});

/** What an offence costs, and what of it can be got out of the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SigningKey } from '#crypto';
import { supplyRecord, validators, withdrawals } from '../../../src/ledger/accounts/index.ts';
import type { Action } from '../../../src/ledger/actions/registry.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { FEE, refused, send, TORCH } from '../../support/ledger/acting.ts';
import {
  type Draught,
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
} from '../../support/ledger/chain.ts';
import { doubleVote } from '../../support/ledger/double-vote.ts';

const random = deterministic('slashing');
const owner = signer('owner');
const four = Array.from({ length: 4 }, (_, i) => signer(`validator ${i}`));
const [a, b, c, d] = four as [SigningKey, SigningKey, SigningKey, SigningKey];
const OFFENCE = 6;

/** Four validators of 1,000 TORCH that earn nothing. */
function chain(): Ledger {
  const parameters = { ...TEST_PARAMETERS, validatorPart: 0 };
  const ledger = trustingLedger({
    ...genesisOf(parameters),
    validators: four.map(({ publicKey }) => ({
      validator: publicKey,
      owner: owner.publicKey,
      payout: somebody,
      commission: 0,
      tokens: 1_000n * TORCH,
    })),
  });
  growTo(ledger, 4);
  return ledger;
}

function accusing(by: SigningKey, height = OFFENCE): Action {
  return { name: 'evidence', body: doubleVote(TEST_PARAMETERS.chainId, by, { height }) };
}

const delegating = (to: SigningKey, amount: bigint): Action => ({
  name: 'delegate',
  body: { validator: to.publicKey, delegator: owner.publicKey, amount },
});

const leaving = (from: SigningKey, shares: bigint, sequence = 0): Draught => ({
  actions: [
    {
      name: 'undelegate',
      body: {
        validator: from.publicKey,
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

const tokensOf = (ledger: Ledger, key: SigningKey) =>
  validators.bucket.get(ledger.state, key.publicKey)!.tokens;

/** Two of four offend: what is left to each when this happens with it in the block. */
function leftWith(beside: (offender: SigningKey) => Draught[]): bigint[] {
  const ledger = chain();
  growTo(ledger, OFFENCE);
  for (const offender of [a, b]) {
    const drafts = [...beside(offender), { actions: [accusing(offender)], fee: 0n }];
    grow(ledger, ...drafts.map((draught) => transactionOf(ledger, random, draught)));
  }
  return [a, b].map((key) => tokensOf(ledger, key));
}

/** What is left to one that offends alone. */
function leftAlone(): bigint {
  const ledger = chain();
  growTo(ledger, OFFENCE);
  send(ledger, { actions: [accusing(a)], fee: 0n });
  return tokensOf(ledger, a);
}

test('what is delegated in the block of an evidence, or in its transaction, changes no fraction', () => {
  const honest = leftWith(() => []);
  const much = 10n ** 15n;
  assert.deepEqual(
    leftWith(() => [{ inputs: 1, actions: [delegating(d, much)] }]),
    honest,
  );
  const ledger = chain();
  growTo(ledger, OFFENCE);
  for (const offender of [a, b]) {
    send(ledger, { inputs: 1, actions: [delegating(d, much), accusing(offender)] });
  }
  assert.deepEqual(
    [a, b].map((key) => tokensOf(ledger, key)),
    honest,
  );
});

test('money in the offender’s own pool, or taken out of it in the block, shields nothing', () => {
  const honest = leftAlone();
  const ledger = chain();
  growTo(ledger, OFFENCE);
  grow(
    ledger,
    transactionOf(ledger, random, leaving(a, 600n * TORCH)),
    transactionOf(ledger, random, { actions: [accusing(a)], fee: 0n }),
  );
  const loss = 1_000n * TORCH - honest;
  assert.equal(tokensOf(ledger, a), 400n * TORCH - (loss * 4n) / 10n);
  const waiting = [...withdrawals.bucket.entries(ledger.state)][0]![1];
  growTo(ledger, waiting.due - 1);
  const { created } = grow(ledger);
  const gone = 600n * TORCH - FEE;
  assert.equal(Buffer.from(created[0]!.amount).readBigUInt64LE(), gone - (gone * loss) / (1_000n * TORCH));
});

test('nor does money that left in a block before the evidence came: all since the offence pays the same part', () => {
  const honest = leftAlone();
  const ledger = chain();
  growTo(ledger, OFFENCE);
  send(ledger, leaving(a, 1_000n * TORCH));
  send(ledger, { actions: [accusing(a)], fee: 0n });
  const before = supplyRecord.bucket.get(ledger.state, null)!.burned;
  growTo(ledger, OFFENCE + 1 + TEST_PARAMETERS.unbondingBlocks);
  const gone = 1_000n * TORCH - FEE;
  const lost = supplyRecord.bucket.get(ledger.state, null)!.burned - before;
  const part = ((1_000n * TORCH - honest) * 10_000n) / (1_000n * TORCH);
  // The fee left before, and is at stake no more.
  assert.ok(lost >= (gone * (part - 1n)) / 10_000n && lost <= (gone * part) / 10_000n, `${lost}`);
  assert.equal(validators.bucket.get(ledger.state, a.publicKey)?.tombstoned, 1, 'the mark stays');
});

/** What comes of 500 TORCH that leave a pool in a block, when its validator votes twice so many blocks later. */
function returned(blocksLater: number): bigint {
  const ledger = chain();
  send(ledger, leaving(a, 500n * TORCH));
  const offence = ledger.head.height + blocksLater;
  growTo(ledger, offence);
  send(ledger, { actions: [accusing(a, offence)], fee: 0n });
  return paidBack(ledger);
}

/** What the first withdrawal pays. */
function paidBack(ledger: Ledger): bigint {
  const waiting = [...withdrawals.bucket.entries(ledger.state)][0]![1];
  growTo(ledger, waiting.due - 1);
  return Buffer.from(grow(ledger).created[0]!.amount).readBigUInt64LE();
}

test('what left before the offence is not reached, unless it still voted there: in the block after', () => {
  const whole = 500n * TORCH - FEE;
  assert.ok(returned(1) < whole);
  assert.equal(returned(2), whole);
});

test('who reports itself for a later offence saves nothing that the earlier one reaches', () => {
  const left = (heights: number[]) => {
    const ledger = chain();
    growTo(ledger, OFFENCE);
    send(ledger, leaving(a, 500n * TORCH));
    growTo(ledger, OFFENCE + 6);
    for (const height of heights) send(ledger, { actions: [accusing(a, height)], fee: 0n });
    const last = { actions: [accusing(a, heights.at(-1)!)], fee: 0n };
    refused(ledger, last, /already been removed/);
    return [paidBack(ledger), tokensOf(ledger, a)];
  };
  assert.deepEqual(left([OFFENCE + 5, OFFENCE]), left([OFFENCE]));
  assert.ok(left([OFFENCE])[0]! < left([OFFENCE + 5])[0]!);
});

test('an earlier offence counts once for each withdrawal that it reaches, not for every height', () => {
  const ledger = chain();
  growTo(ledger, 9);
  send(ledger, leaving(a, 100n * TORCH));
  growTo(ledger, 19);
  send(ledger, leaving(a, 100n * TORCH, 1));
  growTo(ledger, 40);
  send(ledger, { actions: [accusing(a, 40)], fee: 0n });
  const good: number[] = [];
  for (let height = 39; height >= 1; height--) {
    const draught = { actions: [accusing(a, height)], fee: 0n };
    if (height === 21 || height === 11) {
      send(ledger, draught);
      good.push(validators.bucket.get(ledger.state, a.publicKey)!.offence);
    } else refused(ledger, draught, /already been removed/);
  }
  assert.deepEqual(good, [21, 11], 'the last heights at which the stake of each still voted');
  // The first withdrawal is paid, with its loss; nothing else is left that could be reached.
  const paid = () => [...withdrawals.bucket.entries(ledger.state)].length;
  growTo(ledger, 10 + TEST_PARAMETERS.unbondingBlocks);
  assert.equal(paid(), 1);
  refused(ledger, { actions: [accusing(a, 10 + 1)], fee: 0n }, /already been removed|older than/);
});

test('what is taken out after the punishment has paid already', () => {
  const ledger = chain();
  growTo(ledger, OFFENCE);
  send(ledger, { actions: [accusing(a)], fee: 0n });
  const rest = tokensOf(ledger, a);
  send(ledger, leaving(a, 1_000n * TORCH));
  const waiting = [...withdrawals.bucket.entries(ledger.state)][0]![1];
  growTo(ledger, waiting.due - 1);
  assert.equal(Buffer.from(grow(ledger).created[0]!.amount).readBigUInt64LE(), rest - FEE);
  refused(ledger, { inputs: 1, actions: [delegating(a, TORCH)] }, /removed permanently/);
});

test('a punishment writes the offender, not each of its withdrawals', () => {
  const written = (count: number) => {
    const ledger = chain();
    growTo(ledger, OFFENCE);
    for (let i = 0; i < count; i++) send(ledger, leaving(c, TORCH, i));
    return send(ledger, { actions: [accusing(c)], fee: 0n }).changes.filter(({ key }) => key[0]! >= 0x80)
      .length;
  };
  assert.equal(written(40), written(1));
});

test('who is found out first loses as much as who is found out last, in the pool and on the way out of it', () => {
  const ledger = chain();
  send(ledger, { inputs: 1, actions: [delegating(d, 3_000n * TORCH)] });
  growTo(ledger, OFFENCE);
  send(ledger, leaving(a, 100n * TORCH));
  const early = [...withdrawals.bucket.entries(ledger.state)][0]!;
  send(ledger, { actions: [accusing(a)], fee: 0n });
  const between = tokensOf(ledger, a);
  const { slashed: first } = validators.bucket.get(ledger.state, a.publicKey)!;
  send(ledger, leaving(a, 450n * TORCH, 1));
  send(ledger, { actions: [accusing(b)], fee: 0n });
  const { slashed } = validators.bucket.get(ledger.state, b.publicKey)!;
  assert.ok(slashed > first && slashed < 10_000);
  assert.equal(validators.bucket.get(ledger.state, a.publicKey)!.slashed, slashed);
  const kept = (tokens: bigint) => tokens - (tokens * BigInt(slashed)) / 10_000n;
  const near = (is: bigint, due: bigint) => assert.ok(is - due <= 2n && due - is <= 2n, `${is}, not ${due}`);
  near(tokensOf(ledger, b), kept(1_000n * TORCH));
  near(tokensOf(ledger, a), kept(450n * TORCH));
  // Begun before all of it, and between the two: the latter had paid for the first.
  assert.ok(between < 900n * TORCH);
  growTo(ledger, early[1].due - 1);
  near(Buffer.from(grow(ledger).created[0]!.amount).readBigUInt64LE(), kept(100n * TORCH - FEE));
  const late = [...withdrawals.bucket.entries(ledger.state)][0]![1];
  growTo(ledger, late.due - 1);
  const paid = Buffer.from(grow(ledger).created[0]!.amount).readBigUInt64LE();
  const gone = (450n * TORCH * between) / (900n * TORCH) - FEE;
  near(paid, (gone * BigInt(10_000 - slashed)) / BigInt(10_000 - first));
});

test('a later offence that counts for less lowers nobody, and one after the unbonding time raises nobody', () => {
  const ledger = chain();
  growTo(ledger, OFFENCE);
  send(ledger, { actions: [accusing(a)], fee: 0n });
  const rest = tokensOf(ledger, a);
  send(ledger, { inputs: 1, actions: [delegating(d, 10n ** 15n)] });
  growTo(ledger, OFFENCE + TEST_PARAMETERS.unbondingBlocks + 2);
  const later = ledger.head.height;
  send(ledger, { actions: [accusing(b, later)], fee: 0n });
  assert.equal(tokensOf(ledger, a), rest);
});

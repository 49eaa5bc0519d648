/** Votes for two blocks in one step, shown by single votes and by whole aggregates. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { domainHash } from '#base';
import { aggregateSignatures, defaultCurve, type SigningKey } from '#crypto';
import { feeRecord, supplyRecord, validators } from '../../../src/ledger/accounts/index.ts';
import { encode } from '../../../src/ledger/codec/index.ts';
import { MAX_TRANSACTION_BYTES, MAX_VOTERS } from '../../../src/ledger/constants.ts';
import {
  deferring,
  type Equivocation,
  equivocationCodec,
  equivocationOf,
  isProven,
  isWellFormed,
  type JointVotes,
  noteProven,
  offendersOf,
  singleVote,
} from '../../../src/ledger/equivocation.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { Mempool } from '../../../src/ledger/mempool.ts';
import { signVote, voteCodec } from '../../../src/ledger/vote.ts';
import { refused, send, TORCH } from '../../support/ledger/acting.ts';
import {
  deterministic,
  genesisOf,
  grow,
  growTo,
  signer,
  somebody,
  TEST_PARAMETERS,
  transactionOf,
  trustingLedger,
} from '../../support/ledger/chain.ts';

const { chainId } = TEST_PARAMETERS;
const STEP: { height: number; round: number; kind: 1 | 2 } = { height: 6, round: 1, kind: 2 };
const six = Array.from({ length: 6 }, (_, i) => signer(`validator ${i}`)).sort((a, b) =>
  Buffer.compare(a.publicKey, b.publicKey),
);
const [a, b, c, d, e, f] = six as [SigningKey, SigningKey, SigningKey, SigningKey, SigningKey, SigningKey];
const X = new Uint8Array(32).fill(1);
const Y = new Uint8Array(32).fill(2);

function chain(parameters = TEST_PARAMETERS): Ledger {
  const ledger = trustingLedger({
    ...genesisOf({ ...parameters, validatorPart: 0 }),
    validators: six.map(({ publicKey }) => ({
      validator: publicKey,
      owner: signer('owner').publicKey,
      payout: somebody,
      commission: 0,
      tokens: 1_000n * TORCH,
    })),
  });
  growTo(ledger, STEP.height);
  return ledger;
}

const voteBy = (key: SigningKey, block: Uint8Array, step = STEP): Uint8Array =>
  signVote({ chainId, ...step, block }, key);
const single = (key: SigningKey, block: Uint8Array): JointVotes =>
  singleVote(block, key.publicKey, voteBy(key, block));

/** Their votes for a block, aggregated; `authors` are those whose keys are named. */
function joint(
  keys: readonly SigningKey[],
  block: Uint8Array,
  { step = STEP, authors = keys } = {},
): JointVotes {
  const publicKeys = authors.map(({ publicKey }) => publicKey);
  const message = domainHash('vote', encode(voteCodec, { chainId, ...step, block }));
  const signed = keys.map((key, i) => ({ publicKey: publicKeys[i]!, signature: voteBy(key, block, step) }));
  return { block, keys: publicKeys, aggregate: aggregateSignatures(defaultCurve(), message, signed) };
}

const shown = (...votes: readonly [JointVotes, JointVotes]) => equivocationOf(STEP, ...votes);
const actionsOf = (body: Equivocation) => ({ actions: [{ name: 'evidence', body }] as const });
const out = (ledger: Ledger): SigningKey[] =>
  six.filter(({ publicKey }) => validators.bucket.get(ledger.state, publicKey)!.tombstoned === 1);

test('whoever is in both is convicted, whether votes are single or aggregated', () => {
  for (const [what, evidence, guilty] of [
    ['two votes', shown(single(b, X), single(b, Y)), [b]],
    ['a vote and an aggregate', shown(single(b, X), joint([a, b, c, d, e], Y)), [b]],
    ['an aggregate and a vote', shown(joint([a, b, c, d, e], X), single(e, Y)), [e]],
    ['two aggregates', shown(joint([a, b, c, d], X), joint([c, d, e, f], Y)), [c, d]],
    ['two aggregates of the same', shown(joint(six, X), joint(six, Y)), six],
  ] as const) {
    const ledger = chain();
    assert.ok(isWellFormed(evidence) && isProven(evidence, chainId), what);
    assert.deepEqual(
      evidence,
      equivocationOf(STEP, ...(votesOf(evidence).reverse() as [JointVotes, JointVotes])),
    );
    send(ledger, actionsOf(evidence));
    assert.deepEqual(out(ledger), guilty, what);
    refused(ledger, actionsOf(evidence), /already been removed/);
  }
});

const votesOf = ({ keys, votes }: Equivocation): JointVotes[] =>
  votes.map(({ block, signers, ...aggregate }) => ({
    block,
    keys: keys.filter((_, i) => (signers[i >> 3]! >> (i & 7)) & 1),
    aggregate,
  }));

test('those who are convicted together lose the same part, that of all of them', () => {
  const ledger = chain();
  const burned = () => supplyRecord.bucket.get(ledger.state, null)!.burned;
  const before = burned();
  send(ledger, actionsOf(shown(joint([a, b, c, d], X), joint([c, d, e, f], Y))));
  // Two of six: 9·(1/3)² is all that they have.
  for (const { publicKey } of [c, d])
    assert.equal(validators.bucket.get(ledger.state, publicKey)!.tokens, 0n);
  assert.equal(burned() - before, 2_000n * TORCH);
});

test('a validator that was convicted before does not prevent the conviction of others', () => {
  const ledger = chain();
  send(ledger, actionsOf(shown(single(c, X), single(c, Y))));
  send(ledger, actionsOf(shown(joint([a, b, c, d], X), joint([c, d, e, f], Y))));
  assert.deepEqual(out(ledger), [c, d]);
});

test('nobody is convicted by votes that they have not signed, whatever other keys the evidence names', () => {
  const ledger = chain();
  const strangers = [signer('stranger'), signer('another stranger')].sort((one, other) =>
    Buffer.compare(one.publicKey, other.publicKey),
  );
  const wrong = /not signed by its validator/;
  const five = [a, b, c, d, e];
  // A stranger signs where b is named.
  const named = joint([a, strangers[0]!, c, d, e], Y, { authors: five });
  refused(ledger, actionsOf(shown(single(b, X), named)), wrong);
  // b has signed in another round, or for another kind of vote.
  const steps: (typeof STEP)[] = [
    { ...STEP, round: 2 },
    { ...STEP, kind: 1 },
  ];
  for (const step of steps) refused(ledger, actionsOf(shown(single(b, X), joint(five, Y, { step }))), wrong);
  // The point of one who is no offender, taken out or put in another's place.
  const good = shown(single(b, X), joint(five, Y));
  const [vote, aggregate] = [good.votes[0]!, good.votes[1]!];
  for (const nonces of [aggregate.nonces.slice(1), [...aggregate.nonces].reverse()])
    refused(ledger, actionsOf({ ...good, votes: [vote, { ...aggregate, nonces }] }), wrong);
  refused(ledger, actionsOf(shown(single(strangers[0]!, X), joint(strangers, Y))), /validators do not exist/);
  assert.deepEqual(out(ledger), []);
  // A stranger's own key beside b's real votes changes nothing either.
  const crowd = [b, strangers[0]!].sort(byKey);
  send(ledger, actionsOf(shown(joint(crowd, X), joint(crowd, Y))));
  assert.deepEqual(out(ledger), [b]);
});

test('evidence, which is free, is not filled up with keys that belong to no validator', () => {
  const ledger = chain();
  const strangers = [signer('stranger'), signer('another stranger')];
  const crowd = [b, ...strangers].sort(byKey);
  refused(ledger, actionsOf(shown(joint(crowd, X), joint(crowd, Y))), /most of its keys/);
  const beside = [c, ...strangers].sort(byKey);
  refused(ledger, actionsOf(shown(joint(beside, X), single(c, Y))), /most of its keys/);
  assert.deepEqual(out(ledger), []);
});

test('evidence fills no block at the cost of those who pay', () => {
  const parameters = { ...TEST_PARAMETERS, maxBlockWeight: 2_500, startFee: 1_000n };
  const grown = (...evidence: Equivocation[]) => {
    const ledger = chain(parameters);
    const random = deterministic('full');
    grow(ledger, ...evidence.map((body) => transactionOf(ledger, random, actionsOf(body))));
    return feeRecord.bucket.get(ledger.state, null)!.base;
  };
  const all = six.map((key) => shown(single(key, X), single(key, Y)));
  assert.equal(grown(...all), grown(), 'the base fee falls as after an empty block');
});

test('of evidence that pays a fee one for each offender waits too', () => {
  const ledger = chain();
  const pool = new Mempool(ledger);
  const random = deterministic('paid');
  const proof = actionsOf(shown(single(a, X), single(a, Y)));
  const add = (draught: object) => pool.add(transactionOf(ledger, random, { ...proof, ...draught }).bytes);
  add({ inputs: 1 });
  for (let i = 0; i < 3; i++) assert.throws(() => add({ inputs: 1 }), { code: 'MEMPOOL_CONFLICT' });
  add({});
  assert.equal(pool.size, 2, 'it does not keep out evidence that is free');
});

test('evidence has one spelling', () => {
  const ledger = chain();
  const good = shown(joint([a, b, c], X), joint([b, c, d], Y));
  const [first, second] = [good.votes[0]!, good.votes[1]!];
  const g = signer('nobody in it').publicKey;
  for (const body of [
    { ...good, votes: [second, first] },
    { ...good, votes: [first, { ...first }] },
    { ...good, keys: [...good.keys].reverse() },
    { ...good, keys: [...good.keys, g].sort((one, other) => Buffer.compare(one, other)) },
    { ...good, votes: [first, { ...second, signers: Uint8Array.of(...second.signers, 0) }] },
    { ...good, votes: [first, { ...second, signers: Uint8Array.of(second.signers[0]! | 0x80) }] },
    { ...good, votes: [first, { ...second, signers: new Uint8Array(0) }] },
    shown(joint([a, b], X), joint([c, d], Y)),
  ]) {
    assert.equal(isWellFormed(body), false);
    refused(
      ledger,
      actionsOf(body),
      /votes are for one block, have no validator in common, or are not in order/,
    );
  }
});

test('two aggregates of as many validators as there may be fit into a transaction', () => {
  const ledger = chain();
  const keys = Array.from({ length: MAX_VOTERS }, (_, i) => Uint8Array.of(...new Uint8Array(30), i >> 8, i));
  const all = (block: Uint8Array): JointVotes => ({
    block,
    keys,
    aggregate: { nonces: keys, scalar: new Uint8Array(32) },
  });
  const body = shown(all(X), all(Y));
  assert.equal(offendersOf(body).length, MAX_VOTERS);
  assert.ok(encode(equivocationCodec, body).length > MAX_TRANSACTION_BYTES - 4_096, 'close to what fits');
  const { bytes } = transactionOf(ledger, deterministic('long'), actionsOf(body));
  assert.ok(bytes.length <= MAX_TRANSACTION_BYTES, `${bytes.length} bytes`);
});

test('of evidence that shares an offender one waits', () => {
  const ledger = chain();
  const pool = new Mempool(ledger);
  const random = deterministic('pool');
  const add = (body: Equivocation) => pool.add(transactionOf(ledger, random, actionsOf(body)).bytes);
  add(shown(joint([a, b, c, d], X), joint([c, d, e, f], Y)));
  for (const body of [
    shown(single(c, X), single(c, Y)),
    shown(joint([a, d], X), joint([d, e], Y)),
    shown(joint([c, signer('x1')].sort(byKey), X), joint([c, signer('x1')].sort(byKey), Y)),
  ])
    assert.throws(() => add(body), { code: 'MEMPOOL_CONFLICT' });
  add(shown(single(a, X), single(a, Y)));
  assert.equal(pool.size, 2);
  // False evidence is an offence of who sends it, and takes no place.
  const forged = shown(single(e, X), joint([a, b], Y, { authors: [e, f] }));
  assert.throws(() => add(forged), { code: 'PROOFS_INVALID' });
  assert.equal(pool.size, 2);
});

test('the signatures of evidence can be verified elsewhere, after every cheaper check, and never go unverified', () => {
  const ledger = chain();
  const pool = new Mempool(ledger);
  const random = deterministic('deferred');
  const bytesOf = (body: Equivocation) => transactionOf(ledger, random, actionsOf(body)).bytes;
  const deferred = (body: Equivocation) => pool.examine(bytesOf(body), { defer: true });
  const forged = deferred(shown(single(e, X), joint([a, b], Y, { authors: [e, f] })));
  assert.equal(forged.unproven.length, 1);
  assert.throws(() => pool.admit(forged), { code: 'PROOFS_INVALID' });
  const good = shown(joint([a, b, c], X), joint([b, c, d], Y));
  assert.deepEqual(deferred(good).unproven, [good]);
  noteProven(good, chainId);
  const known = deferred(good);
  assert.deepEqual(known.unproven, []);
  pool.admit(known);
  assert.throws(() => deferred(shown(single(b, X), single(b, Y))), { code: 'MEMPOOL_CONFLICT' });
  const stranger = signer('stranger');
  assert.throws(() => deferred(shown(single(stranger, X), single(stranger, Y))), {
    code: 'TRANSACTION_INVALID',
    message: /do not exist/,
  });
  assert.equal(pool.size, 1);
});

/** Nothing is deferred. */
function isKnownProven(evidence: Equivocation, chain: Uint8Array): boolean {
  const unproven: Equivocation[] = [];
  deferring(unproven)(evidence, chain);
  return unproven.length === 0;
}

test('evidence that was verified is known, for its chain and its bytes only', () => {
  const good = shown(single(a, X), joint([a, b, c, d, e, f], Y));
  const [first, second] = [good.votes[0]!, good.votes[1]!];
  const other = { ...good, votes: [first, { ...second, scalar: first.scalar }] };
  assert.equal(isKnownProven(good, chainId), false);
  assert.ok(isProven(good, chainId) && isKnownProven(good, chainId));
  assert.equal(isKnownProven(good, new Uint8Array(32)), false);
  assert.equal(isProven(other, chainId) || isKnownProven(other, chainId), false);
});

const byKey = (one: SigningKey, other: SigningKey): number => Buffer.compare(one.publicKey, other.publicKey);

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError, concat, equalBytes } from '#base';
import type { Action, ActionName } from '../../../src/ledger/actions/registry.ts';
import { ACTIONS, rulesOf } from '../../../src/ledger/actions/registry.ts';
import { amount, blob, byteOf, decode, encode, integer, list } from '../../../src/ledger/codec/index.ts';
import { quoteCodec } from '../../../src/ledger/escrow/quote.ts';
import { receiptCodec } from '../../../src/ledger/escrow/receipt.ts';
import { DEFAULT_PARAMETERS, parametersCodec } from '../../../src/ledger/parameters.ts';
import type { Body } from '../../../src/ledger/transaction/body.ts';
import { makeTransaction, parseTransaction } from '../../../src/ledger/transaction/transaction.ts';
import { parseAddress } from '../../../src/ledger/wallet/address.ts';
import { decodeBech32m, encodeBech32m } from '../../../src/ledger/wallet/bech32m.ts';
import { remoteChain } from '../../../src/ledger/wallet/chain-messages.ts';
import { contentsCodec } from '../../../src/ledger/wallet/contents.ts';
import { parsePaymentProof } from '../../../src/ledger/wallet/proof.ts';
import { parseViewKey } from '../../../src/ledger/wallet/view-key.ts';
import { curve } from '../../support/ledger/chain.ts';

/** A record such as the codecs make: with a prototype. */
const record = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const key = bytes(32);
const sparks = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const count = fc.nat(2 ** 31 - 1);
const positive = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const address = record({ spendKey: key, viewKey: key, subaddress: fc.boolean() });
const refund = record({ key, txKey: key, viewTag: bytes(3) });

/** A body for each action of the registry; the type says when one is missing. */
const bodies: { readonly [N in ActionName]: fc.Arbitrary<Extract<Action, { name: N }>['body']> } = {
  bond: record({
    validator: key,
    owner: key,
    payout: address,
    commission: fc.nat(10_000),
    amount: sparks,
  }),
  delegate: record({ validator: key, delegator: key, amount: sparks }),
  undelegate: record({
    validator: key,
    delegator: key,
    shares: sparks,
    refund,
    sequence: count,
    fee: sparks,
  }),
  unjail: record({ validator: key, sequence: count, fee: sparks }),
  escrowOpen: record({
    escrow: key,
    value: sparks,
    deposit: sparks,
    deadline: count,
    refund,
    caps: fc.array(record({ node: key, cap: sparks }), { maxLength: 4 }),
  }),
  escrowAmend: record({
    escrow: key,
    deadline: count,
    sequence: count,
    changes: fc.array(record({ node: key, cap: sparks, consent: fc.constantFrom(0, 1) }), {
      minLength: 1,
      maxLength: 4,
    }),
    fee: sparks,
  }),
  escrowSettle: record({
    node: key,
    claims: fc.array(
      record({
        escrow: key,
        deadline: count,
        sequence: positive,
        tokensIn: count,
        tokensOut: count,
        amount: sparks,
        transcript: key,
        signature: bytes(64),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    fee: sparks,
  }),
  escrowClose: record({
    escrow: key,
    deadline: count,
    finals: fc.array(record({ node: key, amount: sparks }), { maxLength: 4 }),
    fee: sparks,
  }),
  evidence: record({
    height: positive,
    round: count,
    kind: fc.constantFrom(1, 2),
    keys: fc.array(key, { minLength: 1, maxLength: 3 }),
    votes: fc.array(
      record({
        block: key,
        signers: fc.uint8Array({ maxLength: 3 }),
        nonces: fc.array(key, { minLength: 1, maxLength: 3 }),
        scalar: key,
      }),
      { minLength: 2, maxLength: 2 },
    ),
  }),
  nodeRegister: record({
    node: key,
    payout: address,
    deposit: sparks,
    withdraw: sparks,
    refund,
    sequence: count,
    fee: sparks,
  }),
};

const action = fc.oneof(
  ...(Object.keys(bodies) as ActionName[]).map((name) =>
    (bodies[name] as fc.Arbitrary<Action['body']>).map((body) => ({ name, body }) as Action),
  ),
);

const ring = fc.array(positive, { minLength: 16, maxLength: 16 }).map((steps) => {
  const numbers: number[] = [];
  for (const step of steps) numbers.push((numbers.at(-1) ?? 0) + step);
  return numbers;
});
const output = record({ key, commitment: key, txKey: key, encryptedAmount: bytes(8), viewTag: bytes(3) });
const common = {
  chainId: bytes(32),
  expiry: count,
  fee: sparks,
  actions: fc.array(action, { maxLength: 4 }),
};
const spending: fc.Arbitrary<Body> = record({
  ...common,
  inputs: fc.array(record({ ring, keyImage: key }), { minLength: 1, maxLength: 3 }),
  outputs: fc.array(output, { minLength: 2, maxLength: 16 }),
  memo: fc.uint8Array({ maxLength: 256 }),
});
const open: fc.Arbitrary<Body> = record({
  ...common,
  inputs: fc.constant([]),
  outputs: fc.constant([]),
  memo: fc.constant(new Uint8Array(0)),
});

const proofsFor = (body: Body, filling: number) => {
  const point = new Uint8Array(32).fill(filling);
  const points = (length: number) => Array.from({ length }, () => point);
  const rounds = 6 + Math.ceil(Math.log2(Math.max(1, body.outputs.length)));
  const scalars = { r1: point, s1: point, d1: point };
  const range = { a: point, a1: point, b: point, ...scalars, left: points(rounds), right: points(rounds) };
  const rings = body.inputs.map(() => ({ scalars: points(16), challenge: point, commitmentImage: point }));
  return body.inputs.length > 0 ? { range, rings, pseudoOuts: points(body.inputs.length) } : undefined;
};

const transaction = fc
  .tuple(fc.oneof(spending, open), fc.nat(255), fc.array(bytes(64), { maxLength: 3 }))
  .map(([body, filling, signatures]) =>
    makeTransaction(body, { spend: proofsFor(body, filling), signatures }, curve),
  );

/** Reads hostile bytes: either they are refused with a code, or they are the one spelling of what was read. */
function strict<T>(read: () => T, write: (value: T) => Uint8Array, given: Uint8Array): void {
  let value: T;
  try {
    value = read();
  } catch (error) {
    assert.ok(error instanceof BitorchError && error.code === 'CODEC_INVALID', `${error}`);
    return;
  }
  assert.ok(equalBytes(write(value), given), 'two spellings of one value');
}

test('transactions with every action come back as they were, under the same id', () => {
  fc.assert(
    fc.property(transaction, (made) => {
      const read = parseTransaction(made.bytes, curve);
      assert.deepEqual(read, made);
    }),
    { numRuns: 150 },
  );
});

test('changed, cut and lengthened transactions are refused or say something else, with another id', () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(
      transaction,
      edits,
      fc.integer({ min: -40, max: 8 }),
      ({ bytes: sound, hashes }, changes, longer) => {
        const given = longer < 0 ? sound.slice(0, longer) : concat([sound, new Uint8Array(longer % 3)]);
        for (const [at, value] of changes) given[at % given.length] = value;
        strict(
          () => parseTransaction(given, curve),
          ({ body, proofs }) => makeTransaction(body, proofs, curve).bytes,
          given,
        );
        if (equalBytes(given, sound)) return;
        try {
          assert.notDeepEqual(parseTransaction(given, curve).hashes.id, hashes.id);
        } catch (error) {
          assert.equal((error as BitorchError).code, 'CODEC_INVALID');
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('every decoder survives random bytes', () => {
  const random = fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 400, max: 3 }));
  const codecs = [
    parametersCodec,
    receiptCodec,
    quoteCodec,
    contentsCodec,
    ...Object.values(ACTIONS).map((kind) => kind.codec),
  ];
  fc.assert(
    fc.property(random, (given) => {
      strict(
        () => parseTransaction(given, curve),
        (read) => read.bytes,
        given,
      );
      for (const codec of codecs) {
        strict<unknown>(
          () => decode<unknown>(codec as never, given),
          (value) => encode<unknown>(codec as never, value),
          given,
        );
      }
    }),
    { numRuns: 400 },
  );
});

test('numbers are minimal and bounded', () => {
  const refused = (given: number[], codec: Parameters<typeof decode>[0] = amount) =>
    assert.throws(() => decode(codec, Uint8Array.from(given)), { code: 'CODEC_INVALID' });
  assert.equal(decode(amount, Uint8Array.of(0)), 0n);
  assert.equal(decode(amount, Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1)), 2n ** 64n - 1n);
  refused([128, 0]);
  refused([255, 0]);
  refused([255, 255, 255, 255, 255, 255, 255, 255, 255, 2]);
  refused([255, 255, 255, 255, 255, 255, 255, 255, 255, 129, 0]);
  refused([128]);
  refused([]);
  refused([0, 0]);
  refused([255, 255, 255, 255, 255, 255, 255, 127], integer());
  refused([11], integer(0, 10));
  refused([2], byteOf(0, 1));
  refused([3, 1, 2], blob(10));
  refused([11], blob(10));
  refused([3, 1, 1, 1], list(integer(), 2));
  assert.throws(() => encode(amount, 2n ** 64n), { code: 'CODEC_INVALID' });
  assert.throws(() => encode(amount, -1n), { code: 'CODEC_INVALID' });
  assert.throws(() => encode(integer(), 0.5), { code: 'CODEC_INVALID' });
  assert.deepEqual(decode(parametersCodec, encode(parametersCodec, DEFAULT_PARAMETERS)), DEFAULT_PARAMETERS);
});

test('action types are the numbers of the protocol, each once', () => {
  const types = Object.entries(ACTIONS).map(([name, { type }]) => `${type} ${name}`);
  assert.deepEqual(types, [
    '1 bond',
    '2 delegate',
    '3 undelegate',
    '5 unjail',
    '6 escrowOpen',
    '7 escrowAmend',
    '8 escrowSettle',
    '9 escrowClose',
    '10 evidence',
    '11 nodeRegister',
  ]);
  assert.equal(rulesOf({ name: 'delegate', body: {} as never }).type, 2);
});

test("bech32m: BIP-350's valid and invalid strings, and round trips", () => {
  const read = (text: string) =>
    decodeBech32m(text, text.slice(0, text.lastIndexOf('1')).toLowerCase(), 'address');
  for (const text of ['A1LQFN3A', 'a1lqfn3a', 'abcdef1l7aum6echk45nj3s0wdvt2fg8x9yrzpqzd3ryx', '?1v759aa']) {
    read(text);
  }
  const invalid = ['y1b0jsk6g', 'lt1igcx5c0', 'in1muywd', 'M1VUXWEZ', 'A1lqfn3a', 'a1lqfn3b', 'a1lqfn'];
  for (const text of invalid) assert.throws(() => read(text), { code: 'ADDRESS_INVALID' }, text);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (given) => {
      assert.deepEqual(decodeBech32m(encodeBech32m('torch', given), 'torch', 'address'), given);
    }),
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 400 }),
        fc.string().map((text) => `torch1${text}`),
      ),
      (text) => {
        assert.throws(() => decodeBech32m(text, 'torch', 'payment proof'), { code: 'PAYMENT_PROOF_INVALID' });
      },
    ),
  );
});

test('texts and answers of strangers: read, or refused with their own error', async () => {
  const noise = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(noise, (bytes) => {
      for (const [read, code, prefix] of [
        [parsePaymentProof, 'PAYMENT_PROOF_INVALID', 'torchproof'],
        [(text: string) => parseViewKey(text, curve), 'VIEW_KEY_INVALID', 'torchview'],
        [(text: string) => parseAddress(text, bytes.subarray(0, 4), curve), 'ADDRESS_INVALID', 'torch'],
      ] as const) {
        assert.throws(() => read(encodeBech32m(prefix, bytes)), { code });
      }
    }),
    { numRuns: 300 },
  );
  await fc.assert(
    fc.asyncProperty(noise, async (bytes) => {
      const chain = remoteChain(async () => bytes);
      for (const ask of [
        () => chain.status(),
        () => chain.outputs(0, 5),
        () => chain.outputsAt([1, 2]),
        () => chain.spends(3, 4),
      ]) {
        await ask().catch(({ code }) => assert.match(code, /^(CHAIN|CODEC)_INVALID$/));
      }
    }),
  );
});

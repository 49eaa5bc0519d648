import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { codeOf, equalBytes } from '#base';
import { type Codec, decode, encode } from '#ledger';
import { QUESTIONS } from '../../../src/consensus/application/queries/questions.ts';
import { membersCodec, ValidatorSet } from '../../../src/consensus/blocks/index.ts';
import {
  decodeMessage,
  encodeMessage,
  helloCodec,
  type Message,
} from '../../../src/consensus/gossip/messages.ts';
import { decodeRecord, encodeRecord, type JournalRecord } from '../../../src/consensus/journal/record.ts';
import { OPEN_PATHS, queryCodec, replyCodec } from '../../../src/consensus/light/protocol.ts';
import { trustedCodec } from '../../../src/consensus/light/trust.ts';
import {
  answerCodec,
  blockAnswerCodec,
  chunkAnswerCodec,
  lightBlockCodec,
  lightMessageOf,
  requestCodec,
  type SyncRequest,
  snapshotsCodec,
} from '../../../src/consensus/sync/messages.ts';
import { TestChain } from '../../support/consensus/application.ts';

/** Objects as decoders make them. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record<T>(model, { noNullPrototype: true });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const hash = bytes(32);
const signature = bytes(64);
const height = fc.integer({ min: 1, max: 2 ** 40 });
const round = fc.integer({ min: 0, max: 2 ** 31 });
const place = fc.integer({ min: 0, max: 511 });

const vote = record({
  height,
  round,
  kind: fc.constantFrom(1 as const, 2 as const),
  block: hash,
  validator: place,
  signature,
});
const proposal = record({
  height,
  round: fc.integer({ min: 1, max: 1000 }),
  validRound: fc.integer({ min: -1, max: 0 }),
  block: hash,
  partsRoot: hash,
  parts: fc.integer({ min: 1, max: 64 }),
  time: fc.nat(),
  signature,
});
const part = record({
  index: fc.integer({ min: 0, max: 63 }),
  bytes: fc.uint8Array({ maxLength: 300 }),
  proof: fc.array(hash, { maxLength: 6 }),
});
const certificate = record({
  height,
  round,
  kind: fc.constantFrom(1 as const, 2 as const),
  block: hash,
  signatures: fc.array(record({ validator: place, signature }), { minLength: 1, maxLength: 3 }),
});
const someBits = fc.uint8Array({ maxLength: 8 });
const total = fc.integer({ min: 1, max: 64 });
const ids = fc.array(hash, { minLength: 1, maxLength: 20 });

const messages = fc.oneof(
  record({ type: fc.constant('status'), value: record({ height, round, base: fc.nat() }) }),
  record({
    type: fc.constant('have'),
    value: record({
      height,
      round,
      proposal: fc.array(record({ root: hash, total }), { maxLength: 1 }),
      parts: someBits,
      prevotes: someBits,
      precommits: someBits,
      certificates: fc.constantFrom(0, 1, 2, 3),
    }),
  }),
  record({ type: fc.constant('proposal'), value: proposal }),
  record({ type: fc.constant('part'), value: record({ height, root: hash, total, part }) }),
  record({ type: fc.constant('vote'), value: vote }),
  record({ type: fc.constant('certificate'), value: certificate }),
  record({ type: fc.constantFrom('offer', 'want'), value: ids }),
  record({
    type: fc.constant('transactions'),
    value: fc.array(fc.uint8Array({ maxLength: 500 }), { minLength: 1, maxLength: 5 }),
  }),
  record({ type: fc.constant('stem'), value: fc.uint8Array({ maxLength: 500 }) }),
) as fc.Arbitrary<Message>;

const inputs = fc.oneof(
  record({ type: fc.constant('value'), round, block: hash }),
  record({
    type: fc.constant('proposal'),
    proposal,
    verdict: fc.constantFrom('valid', 'untimely', 'invalid'),
  }),
  record({ type: fc.constant('vote'), vote }),
  record({ type: fc.constant('certificate'), certificate }),
  record({
    type: fc.constant('timeout'),
    height,
    round,
    step: fc.constantFrom('propose', 'prevote', 'precommit'),
  }),
);
const records = fc.oneof(
  record({ type: fc.constant('block'), value: fc.uint8Array({ maxLength: 300 }) }),
  record({ type: fc.constant('input'), value: inputs }),
) as fc.Arbitrary<JournalRecord>;

const requests = fc.oneof(
  record({ type: fc.constant('block'), value: record({ height }) }),
  record({ type: fc.constant('light'), value: record({ height: fc.nat() }) }),
  record({ type: fc.constant('snapshots'), value: fc.constant({}) }),
  record({ type: fc.constant('members'), value: record({ hash }) }),
  record({ type: fc.constant('chunk'), value: record({ height, format: fc.nat(), chunk: fc.nat() }) }),
) as fc.Arbitrary<SyncRequest>;

test('what is said in gossip, written in the journal and asked in sync comes back as it was', () => {
  fc.assert(
    fc.property(messages, (message) => assert.deepEqual(decodeMessage(encodeMessage(message)), message)),
  );
  fc.assert(fc.property(records, (record) => assert.deepEqual(decodeRecord(encodeRecord(record)), record)));
  fc.assert(
    fc.property(requests, (request) =>
      assert.deepEqual(decode(requestCodec, encode(requestCodec, request)), request),
    ),
  );
});

/** Anything that comes from a peer or a file is decoded, to exactly these bytes again, or refused with one code. */
function withstands(decodeIt: (bytes: Uint8Array) => Uint8Array, sample: fc.Arbitrary<Uint8Array>): void {
  const check = (input: Uint8Array) => {
    let again: Uint8Array;
    try {
      again = decodeIt(input);
    } catch (error) {
      assert.ok(
        ['CODEC_INVALID', 'BLOCK_INVALID', 'VALIDATORS_INVALID'].includes(codeOf(error)),
        `${codeOf(error)}: ${error}`,
      );
      return;
    }
    assert.ok(equalBytes(again, input), 'a second spelling was taken');
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), check));
  const damage = fc.tuple(sample, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat());
  fc.assert(
    fc.property(damage, ([good, at, change, cut]) => {
      const flipped = good.slice();
      if (flipped.length > 0) flipped[at % flipped.length]! ^= change;
      check(flipped);
      check(good.subarray(0, cut % (good.length + 1)));
      check(Uint8Array.of(...good, change));
    }),
  );
}

const reading =
  <T>(codec: Codec<T>) =>
  (input: Uint8Array) =>
    encode(codec, decode(codec, input));

test('hostile bytes: gossip', () => {
  withstands((input) => encodeMessage(decodeMessage(input)), messages.map(encodeMessage));
  withstands(
    reading(helloCodec),
    fc
      .tuple(bytes(32), hash)
      .map(([chainId, genesis]) => encode(helloCodec, { version: 2, chainId, genesis })),
  );
});

test('hostile bytes: journal', () => {
  withstands((input) => encodeRecord(decodeRecord(input)), records.map(encodeRecord));
});

test('hostile bytes: sync', () => {
  withstands(
    reading(requestCodec),
    requests.map((request) => encode(requestCodec, request)),
  );
  const commit = record({
    height,
    round,
    block: hash,
    present: someBits,
    nonces: fc.array(hash, { minLength: 1, maxLength: 3 }),
    scalar: hash,
  });
  const blocks = record({ block: fc.uint8Array({ maxLength: 100 }), commit });
  withstands(
    reading(answerCodec(blockAnswerCodec)),
    blocks.map((one) => encode(answerCodec(blockAnswerCodec), one)),
  );
  const sets = fc
    .uniqueArray(hash, { minLength: 1, maxLength: 4, selector: String })
    .map((keys) => ValidatorSet.of(keys.map((key, i) => ({ key, power: i + 1 }))));
  const headers = record({
    version: fc.constant(2 as const),
    chainId: bytes(32),
    height,
    time: fc.nat(),
    previous: hash,
    lastCommit: hash,
    transactions: hash,
    validators: hash,
    nextValidators: hash,
    appHash: hash,
    proposer: hash,
  });
  const lights = record({ header: headers, commit, validators: sets, nextValidators: sets });
  withstands(
    reading(lightBlockCodec),
    lights.map((light) => encode(lightBlockCodec, lightMessageOf(light)!)),
  );
  withstands(
    reading(answerCodec(membersCodec)),
    sets.map(({ validators }) => encode(answerCodec(membersCodec), validators)),
  );
  const snapshots = fc.array(
    record({
      height,
      format: fc.nat(),
      chunks: fc.integer({ min: 1, max: 1000 }),
      hash,
      metadata: fc.uint8Array({ maxLength: 64 }),
    }),
    { maxLength: 3 },
  );
  withstands(
    reading(snapshotsCodec),
    snapshots.map((all) => encode(snapshotsCodec, all)),
  );
  withstands(
    reading(answerCodec(chunkAnswerCodec)),
    fc.uint8Array({ maxLength: 64 }).map((chunk) => encode(answerCodec(chunkAnswerCodec), chunk)),
  );
});

test('hostile bytes: questions of wallets, and what they keep', () => {
  const queries = fc.oneof(
    record({
      type: fc.constant('query' as const),
      value: record({ path: fc.uint8Array({ maxLength: 32 }), data: fc.uint8Array({ maxLength: 200 }) }),
    }),
    record({
      type: fc.constant('submit' as const),
      value: record({ transaction: fc.uint8Array({ maxLength: 300 }) }),
    }),
  );
  fc.assert(
    fc.property(queries, (query) => assert.deepEqual(decode(queryCodec, encode(queryCodec, query)), query)),
  );
  withstands(
    reading(queryCodec),
    queries.map((query) => encode(queryCodec, query)),
  );
  const replies = record({
    code: fc.constantFrom(0 as const, 1 as const),
    log: fc.uint8Array({ maxLength: 50 }),
    value: fc.uint8Array({ maxLength: 300 }),
  });
  withstands(
    reading(replyCodec),
    replies.map((reply) => encode(replyCodec, reply)),
  );
  const trusted = record({
    genesis: hash,
    height,
    time: fc.nat(),
    id: hash,
    appHash: hash,
    nextValidators: hash.map((key) => ValidatorSet.of([{ key, power: 1 }])),
  });
  withstands(
    reading(trustedCodec),
    trusted.map((one) => encode(trustedCodec, one)),
  );
});

test('hostile bytes: what wallets are answered', async () => {
  const { application } = await TestChain.begun();
  const asked = {
    '/roots': {},
    '/totals': { from: 0 },
    '/proven-outputs': { from: 3, to: 9, count: 20 },
    '/proven-spends': { from: 0, to: 0, count: 0 },
    '/proven-outputs-at': { numbers: [0, 7], count: 13 },
  };
  for (const path of OPEN_PATHS) {
    const { question, answer } = QUESTIONS[path];
    const data = encode(question as never, asked[path] as never);
    const { code, log, value } = await application.query({ path, data });
    assert.equal(code, 0, log);
    withstands(reading(question as never), fc.constant(data));
    withstands(reading(answer as never), fc.constant(value));
  }
});

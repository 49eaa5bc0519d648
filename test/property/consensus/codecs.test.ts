import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError } from '#base';
import { type Codec, decode, encode } from '#ledger';
import { decodeBlock, encodeBlock, makeBlock } from '../../../src/consensus/blocks/block.ts';
import { certificateCodec, MAX_CERTIFICATE_BYTES } from '../../../src/consensus/blocks/certificate.ts';
import { commitCodec, MAX_COMMIT_BYTES } from '../../../src/consensus/blocks/commit.ts';
import { blockId, headerCodec, MAX_HEADER_BYTES } from '../../../src/consensus/blocks/header.ts';
import { MAX_PART_BYTES, partCodec } from '../../../src/consensus/blocks/parts.ts';
import { MAX_PROPOSAL_BYTES, proposalCodec } from '../../../src/consensus/blocks/proposal.ts';
import {
  MAX_VALIDATOR_SET_BYTES,
  ValidatorSet,
  validatorSetCodec,
} from '../../../src/consensus/blocks/validators.ts';
import { MAX_VOTE_BYTES, voteCodec } from '../../../src/consensus/blocks/vote.ts';
import { MAX_PARTS, MAX_VALIDATORS } from '../../../src/consensus/constants.ts';
import { inputCodec } from '../../../src/consensus/engine/input-codec.ts';
import type { Input } from '../../../src/consensus/engine/messages.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const height = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const round = fc.integer({ min: 0, max: 2 ** 31 });
const kind = fc.constantFrom(1 as const, 2 as const);
const place = fc.integer({ min: 0, max: MAX_VALIDATORS - 1 });

const vote = fc.record({
  height,
  round,
  kind,
  block: bytes(32),
  validator: place,
  signature: bytes(64),
});
const commit = fc.record({
  height,
  round,
  block: bytes(32),
  present: fc.uint8Array({ maxLength: 5 }),
  nonces: fc.array(bytes(32), { minLength: 1, maxLength: 5 }),
  scalar: bytes(32),
});
const certificate = fc.record({
  kind,
  height,
  round,
  block: bytes(32),
  signatures: fc.array(fc.record({ validator: place, signature: bytes(64) }), { minLength: 1, maxLength: 5 }),
});
const proposal = fc.nat(1000).chain((validRound) =>
  fc.record({
    height,
    round: fc.integer({ min: validRound, max: 2 ** 31 }),
    validRound: fc.constant(validRound - 1),
    block: bytes(32),
    partsRoot: bytes(32),
    parts: fc.integer({ min: 1, max: MAX_PARTS }),
    time: fc.maxSafeNat(),
    signature: bytes(64),
  }),
);
const header = fc.record({
  version: fc.constant(2 as const),
  chainId: bytes(32),
  height,
  time: fc.maxSafeNat(),
  previous: bytes(32),
  lastCommit: bytes(32),
  transactions: bytes(32),
  validators: bytes(32),
  nextValidators: bytes(32),
  appHash: bytes(32),
  proposer: bytes(32),
});
const part = fc.record({
  index: fc.integer({ min: 0, max: MAX_PARTS - 1 }),
  bytes: fc.uint8Array({ maxLength: 300 }),
  proof: fc.array(bytes(32), { maxLength: 9 }),
});
const validators = fc
  .uniqueArray(fc.record({ key: bytes(32), power: fc.integer({ min: 1, max: 2 ** 40 }) }), {
    minLength: 1,
    maxLength: 8,
    selector: ({ key }) => Buffer.from(key).toString('hex'),
  })
  .map((powers) => ValidatorSet.of(powers).next());

const input: fc.Arbitrary<Input> = fc.oneof(
  vote.map((one): Input => ({ type: 'vote', vote: one })),
  fc
    .tuple(proposal, fc.constantFrom('valid' as const, 'untimely' as const, 'invalid' as const))
    .map(([one, verdict]): Input => ({ type: 'proposal', proposal: one, verdict })),
  fc
    .tuple(fc.array(vote), certificate)
    .map(([votes, one]): Input => ({ type: 'start', votes, certificates: [one] })),
  fc.tuple(round, bytes(32)).map(([r, block]): Input => ({ type: 'value', round: r, block })),
  fc.tuple(height, round).map(([h, r]): Input => ({ type: 'timeout', height: h, round: r, step: 'prevote' })),
);

interface Decoder {
  readonly name: string;
  readonly limit: number;
  readonly sample: fc.Arbitrary<Uint8Array>;
  again(bytes: Uint8Array): Uint8Array;
}

const decoder = <T>(name: string, codec: Codec<T>, values: fc.Arbitrary<T>, limit: number): Decoder => ({
  name,
  limit,
  sample: values.map((value) => encode(codec, value)),
  again: (input) => encode(codec, decode(codec, input, limit)),
});

const DECODERS: readonly Decoder[] = [
  decoder('vote', voteCodec, vote, MAX_VOTE_BYTES),
  decoder('proposal', proposalCodec, proposal, MAX_PROPOSAL_BYTES),
  decoder('commit', commitCodec, commit, MAX_COMMIT_BYTES),
  decoder('certificate', certificateCodec, certificate, MAX_CERTIFICATE_BYTES),
  decoder('header', headerCodec, header, MAX_HEADER_BYTES),
  decoder('part', partCodec, part, MAX_PART_BYTES),
  decoder('input of the engine', inputCodec, input, MAX_CERTIFICATE_BYTES * 2),
  decoder('validator set', validatorSetCodec, validators, MAX_VALIDATOR_SET_BYTES),
  {
    name: 'block',
    limit: 2 ** 22,
    sample: fc
      .record({
        header,
        lastCommit: fc.option(commit, { nil: undefined }),
        transactions: fc.array(fc.uint8Array()),
      })
      .map(({ header: rest, ...contents }) => encodeBlock(makeBlock({ ...rest, ...contents }))),
    again: (input) => encodeBlock(decodeBlock(input)),
  },
];

/** A reader either says why not, or has read the one spelling of what it read. */
function readsOneSpelling({ again }: Decoder, input: Uint8Array): boolean {
  try {
    assert.deepEqual(again(input), input);
    return true;
  } catch (error) {
    if (!(error instanceof BitorchError)) throw error;
    return false;
  }
}

const damaged = (sample: fc.Arbitrary<Uint8Array>) =>
  fc
    .tuple(sample, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }), fc.nat())
    .map(([whole, changes, cut]) => {
      const copy = Uint8Array.from(whole);
      for (const [at, value] of changes) copy[at % copy.length] = value;
      return cut % 3 === 0 ? copy.subarray(0, cut % (copy.length + 1)) : copy;
    });

for (const one of DECODERS) {
  test(`${one.name}: what is written is read back, within the limit`, () => {
    fc.assert(
      fc.property(one.sample, (written) => {
        assert.ok(written.length <= one.limit, `${written.length} bytes`);
        assert.ok(readsOneSpelling(one, written));
      }),
    );
  });
  test(`${one.name}: damaged or made-up bytes are refused, or another value's only spelling`, () => {
    fc.assert(
      fc.property(fc.oneof(damaged(one.sample), fc.uint8Array({ maxLength: 400 })), (input) => {
        readsOneSpelling(one, input);
      }),
      { numRuns: 500 },
    );
  });
}

test('two headers that differ have different ids', () => {
  fc.assert(
    fc.property(damaged(header.map((value) => encode(headerCodec, value))), header, (bytesOf, other) => {
      let read: Parameters<typeof blockId>[0];
      try {
        read = decode(headerCodec, bytesOf);
      } catch {
        return;
      }
      assert.notDeepEqual(blockId(read), blockId(other));
    }),
  );
});

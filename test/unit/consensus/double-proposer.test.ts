import assert from 'node:assert/strict';
import { test } from 'node:test';
import { partsOf, signProposal, verifyAll } from '../../../src/consensus/blocks/index.ts';
import { PART_BYTES } from '../../../src/consensus/constants.ts';
import type { ConsensusMessage } from '../../../src/consensus/gossip/index.ts';
import { HeightRecord } from '../../../src/consensus/height-record.ts';
import { MessageIntake } from '../../../src/consensus/loop/message-intake.ts';
import { CHAIN_ID, committee, named } from '../../support/consensus/validators.ts';

const { validators, keys } = committee([10, 10, 10, 10]);
const proposer = keys[validators.placeOf(validators.proposer(0).key)]!;

/** What one node makes of it; what it passes on, and the proposals whose parts are all there. */
function node() {
  const record = new HeightRecord(1, validators);
  const passedOn: ConsensusMessage[] = [];
  const whole: number[] = [];
  const options = { chainId: CHAIN_ID, record, maxParts: 100 };
  const reception = new MessageIntake(options, {
    verify: verifyAll,
    relay: (message: ConsensusMessage) => passedOn.push(message),
    round: () => 0,
    onProposal: ({ parts }: { parts: number }) => whole.push(parts),
  } as never);
  return { passedOn, whole, hear: (message: ConsensusMessage) => reception.receive(message) };
}

/** The bytes are no block: nobody looks before they are all there. */
function proposed(text: string, bytes: number, claimed?: number) {
  const { root, total, parts } = partsOf(new Uint8Array(bytes).fill(text.charCodeAt(0)));
  const header = { root, total: claimed ?? total };
  const value = signProposal(
    CHAIN_ID,
    {
      height: 1,
      round: 0,
      validRound: -1,
      block: named(text),
      partsRoot: root,
      parts: header.total,
      time: 1,
    },
    proposer,
  );
  return {
    proposal: { type: 'proposal', value } as ConsensusMessage,
    parts: parts.map((part): ConsensusMessage => ({ type: 'part', value: { height: 1, ...header, part } })),
  };
}

test('parts of another proposal of a double proposer are nobody’s fault, and are left alone', () => {
  const [one, two] = [proposed('one', 3 * PART_BYTES), proposed('two', 2 * PART_BYTES)];
  const { hear, passedOn, whole } = node();
  for (const part of one.parts) hear(part);
  assert.equal(passedOn.length, 0, 'nor is a part that comes before any proposal');
  hear(one.proposal);
  hear(two.proposal);
  for (const part of two.parts) hear(part);
  assert.equal(passedOn.length, 1, 'the first proposal only');
  for (const part of one.parts) hear(part);
  assert.deepEqual(whole, [3]);
});

test('a root with two numbers of parts turns nobody against those who heard the other number', () => {
  const [right, wrong] = [proposed('one', 4 * PART_BYTES), proposed('one', 4 * PART_BYTES, 3)];
  const misled = node();
  misled.hear(wrong.proposal);
  for (const part of right.parts) misled.hear(part);
  assert.equal(misled.passedOn.length, 1);
});

test('a part that does not belong under the root that it names counts against its sender', () => {
  const { proposal, parts } = proposed('one', 3 * PART_BYTES);
  const { hear } = node();
  hear(proposal);
  const [first, second] = parts as [ConsensusMessage, ConsensusMessage];
  const forged = {
    type: 'part',
    value: { ...first.value, part: (second.value as never as { part: object }).part },
  };
  hear(forged as ConsensusMessage);
  const bytes = new Uint8Array(PART_BYTES);
  const other = { ...(first.value as never as { part: object }).part, bytes };
  assert.throws(() => hear({ type: 'part', value: { ...first.value, part: other } } as ConsensusMessage), {
    code: 'PROOF_INVALID',
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Vote, verifyAll } from '../../../src/consensus/blocks/index.ts';
import { HeightRecord } from '../../../src/consensus/height-record.ts';
import { MessageIntake } from '../../../src/consensus/loop/message-intake.ts';
import { CHAIN_ID, committee, named, voteBy } from '../../support/consensus/validators.ts';

const people = committee([10, 10, 10, 10]);

/** A node in a round; the rounds of the votes that the engine hears of. */
function nodeIn(round: number) {
  const heard: number[] = [];
  let verified = 0;
  const record = new HeightRecord(1, people.validators);
  const reception = new MessageIntake(
    { chainId: CHAIN_ID, record, maxParts: 100 } as never,
    {
      verify: ((signed) => {
        verified++;
        return verifyAll(signed);
      }) as typeof verifyAll,
      relay: () => undefined,
      onDouble: () => undefined,
      round: () => round,
      onVote: (vote: Vote) => heard.push(vote.round),
    } as never,
  );
  const hear = (value: Vote) => reception.receive({ type: 'vote', value });
  return { heard, hear, record, verified: () => verified };
}

test('a validator says so many times that it is far ahead, and not more', () => {
  const { heard, hear, verified } = nodeIn(0);
  const vote = (place: number, round: number) => voteBy(people, place, 1, named('block'), { round });
  hear(vote(0, 40));
  hear(vote(0, 40));
  hear(voteBy(people, 0, 2, named('block'), { round: 40 }));
  hear(vote(0, 39));
  assert.deepEqual(heard, [40], 'only how far it is counts');
  for (let round = 41; round < 200; round++) hear(vote(0, round));
  assert.equal(heard.length, 64);
  assert.equal(verified(), 64, 'the rest is not even verified');
  hear(vote(1, 150));
  assert.equal(heard.length, 65, 'others are heard');
  for (const round of [1, 20, 32]) hear(vote(0, round));
  assert.equal(heard.length, 68, 'as is whatever can be counted');
});

test('votes of rounds long past open no record', () => {
  const { heard, hear, record } = nodeIn(1_000);
  for (let round = 0; round < 968; round += 10) hear(voteBy(people, 0, 1, named('block'), { round }));
  assert.equal(heard.length, 0);
  assert.equal([...record.rounds()].length, 0);
  hear(voteBy(people, 0, 1, named('block'), { round: 968 }));
  assert.equal(heard.length, 1);
});

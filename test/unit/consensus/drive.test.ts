import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode, offendersOf } from '#ledger';
import { certificateOf } from '../../../src/consensus/blocks/certificate.ts';
import { NIL, PRECOMMIT, PREVOTE } from '../../../src/consensus/constants.ts';
import { FUTURE_ROUNDS, PAST_ROUNDS } from '../../../src/consensus/engine/bounds.ts';
import { settingOf } from '../../../src/consensus/engine/driver-state.ts';
import { newHeight } from '../../../src/consensus/engine/engine-state.ts';
import { inputCodec } from '../../../src/consensus/engine/input-codec.ts';
import type { Effect } from '../../../src/consensus/engine/messages.ts';
import { outstanding } from '../../../src/consensus/engine/outstanding.ts';
import { step } from '../../../src/consensus/engine/step.ts';
import { bareProposal, bareVote, Told } from '../../support/consensus/engine.ts';
import { committee, named } from '../../support/consensus/validators.ts';

const { validators } = committee([1, 1, 1, 1]);
const [A, B] = [named('a'), named('b')];
const proposer = (round: number) => validators.placeOf(validators.proposer(round).key);
/** Not the proposer of the first rounds. */
const me = [0, 1, 2, 3].find((place) => ![0, 1, 2].some((round) => proposer(round) === place))!;
const rest = [0, 1, 2, 3].filter((place) => place !== me);

const ballot = (kind: 1 | 2, block: Uint8Array, round = 0) => ({ height: 1, round, kind, block });
const commits = ({ all }: Told) =>
  all.flatMap((effect) => (effect.type === 'decide' ? [effect.precommits] : []));
const types = (effects: readonly Effect[]) => effects.map(({ type }) => type);

test('a round as it should be: prevote, precommit, decide, each vote behind what has to be durable', () => {
  const node = new Told(validators, me).start();
  assert.deepEqual(types(node.last), ['round', 'timeout']);
  node.proposal(A);
  assert.deepEqual(node.last, [{ type: 'persist' }, { type: 'vote', ballot: ballot(PREVOTE, A) }]);
  node.votes(PREVOTE, rest.slice(0, 2), A);
  assert.deepEqual(node.last, []);
  node.votes(PREVOTE, [me], A);
  assert.deepEqual(types(node.last), ['timeout', 'persist', 'vote']);
  node.votes(PRECOMMIT, [me, rest[0]!, rest[1]!], A);
  const { block, signatures } = commits(node)[0]!;
  assert.deepEqual(block, A);
  assert.equal(signatures.length, 3);
  node.votes(PRECOMMIT, [rest[2]!], B);
  assert.deepEqual(node.last, [], 'nothing follows');
});

test('the proposer asks for a block once, and proposes the answer once', () => {
  const node = new Told(validators, proposer(0)).start();
  assert.deepEqual(types(node.last), ['round', 'getValue', 'timeout']);
  node.tell({ type: 'value', round: 1, block: B });
  assert.deepEqual(node.last, []);
  node.tell({ type: 'value', round: 0, block: A });
  assert.deepEqual(node.last, [
    { type: 'persist' },
    { type: 'propose', height: 1, round: 0, validRound: -1, polka: undefined, block: A },
  ]);
  node.tell({ type: 'value', round: 0, block: B });
  assert.deepEqual(node.last, []);
});

test('a locked validator votes for another block only with a later polka, and its proposer proposes it again', () => {
  const node = new Told(validators, me).start().proposal(A).votes(PREVOTE, rest, A);
  assert.deepEqual(node.ballots.at(-1), ballot(PRECOMMIT, A));
  node.votes(PRECOMMIT, rest, NIL).timeout('precommit').proposal(B, 1);
  assert.deepEqual(node.ballots.at(-1), ballot(PREVOTE, NIL, 1));
  node.votes(PREVOTE, rest, B, 1);
  assert.deepEqual(node.ballots.at(-1), ballot(PRECOMMIT, B, 1));
  node.votes(PRECOMMIT, rest, NIL, 1).timeout('precommit', 1);
  node.proposal(A, 2, 0);
  assert.deepEqual(
    node.ballots.at(-1),
    ballot(PREVOTE, NIL, 2),
    'the polka of round 0 is older than the lock',
  );
  node.votes(PRECOMMIT, rest, NIL, 2).timeout('precommit', 2);
  assert.equal(proposer(3), me);
  assert.deepEqual(node.all.filter(({ type }) => type === 'propose').at(-1), {
    type: 'propose',
    height: 1,
    round: 3,
    validRound: 1,
    polka: certificateOf(rest.map((place) => bareVote(place, PREVOTE, B, 1))),
    block: B,
  });
});

test('an untimely proposal gets no vote of ours, but is locked and decided when others are for it', () => {
  const node = new Told(validators, me).start().proposal(A, 0, -1, 'untimely');
  assert.deepEqual(node.ballots, [ballot(PREVOTE, NIL)]);
  node.votes(PREVOTE, rest, A);
  assert.deepEqual(node.ballots.at(-1), ballot(PRECOMMIT, A));
  const refused = new Told(validators, me).start().proposal(A, 0, -1, 'invalid').votes(PREVOTE, rest, A);
  assert.deepEqual(refused.ballots, [ballot(PREVOTE, NIL)], 'an invalid one never is');
});

test('a polka for nil that was there before our own late prevote does not leave us waiting', () => {
  // Locked on another block, so our own prevote is for nil, and the three others were told of before.
  const node = new Told(validators, me).start().proposal(A).votes(PREVOTE, rest, A);
  node.votes(PRECOMMIT, rest, NIL).timeout('precommit');
  node.votes(PREVOTE, rest, NIL, 1).proposal(B, 1);
  assert.deepEqual(node.ballots.slice(-2), [ballot(PREVOTE, NIL, 1), ballot(PRECOMMIT, NIL, 1)]);
});

test('a third of the power in a later round draws us there, also when it is far ahead', () => {
  const near = new Told(validators, me).start();
  near.votes(PREVOTE, [rest[0]!], NIL, 5).votes(PRECOMMIT, [rest[1]!], NIL, 5);
  assert.deepEqual(near.last[0], { type: 'round', height: 1, round: 5 });
  const far = new Told(validators, me).start();
  far.votes(PREVOTE, [rest[0]!], NIL, 1_000_000).votes(PREVOTE, [rest[1]!], NIL, 999);
  assert.deepEqual(far.last[0], { type: 'round', height: 1, round: 999 });
});

test('one hostile validator fills no memory, moves nobody, and is caught', () => {
  const node = new Told(validators, me).start();
  const [hostile] = rest;
  for (let round = 0; round < 1000; round++) {
    for (const block of [A, B, NIL]) node.votes(PREVOTE, [hostile!], block, round);
    node
      .proposal(named(`${round}`), round)
      .proposal(named(`another ${round}`), round)
      .proposal(A, round);
  }
  const { driver } = node.state;
  assert.equal(driver.round.round, 0);
  assert.equal(driver.keeper.rounds.size, FUTURE_ROUNDS + 1);
  assert.equal(driver.candidates.length, 2 * (FUTURE_ROUNDS + 1));
  for (const { prevotes } of driver.keeper.rounds.values()) assert.equal(prevotes.others.length, 1);
  const accused = node.all.flatMap((effect) =>
    effect.type === 'evidence' ? offendersOf(effect.evidence) : [],
  );
  assert.deepEqual(accused[0], validators.at(hostile!)!.key);
});

test('rounds long past are forgotten, but for that of the lock', () => {
  const node = new Told(validators, me).start().proposal(A).votes(PREVOTE, rest, A);
  for (let round = 0; round < 3 * PAST_ROUNDS; round++) {
    node.votes(PRECOMMIT, rest, NIL, round).timeout('precommit', round);
  }
  const { keeper, round, candidates } = node.state.driver;
  assert.equal(round.round, 3 * PAST_ROUNDS);
  assert.equal(round.lockedRound, 0);
  assert.ok(keeper.rounds.has(0) && !keeper.rounds.has(1));
  assert.ok(keeper.rounds.size <= PAST_ROUNDS + 2);
  assert.deepEqual(
    candidates.map((one) => one.block),
    [A],
  );
  node.votes(PREVOTE, rest, B, 1);
  assert.ok(!node.state.driver.keeper.rounds.has(1));
});

test('a commit certificate decides at once when the block is here, asks for it otherwise', () => {
  const node = new Told(validators, me).start().proposal(A).certificate(PRECOMMIT, rest, A);
  assert.equal(node.last[0]?.type, 'decide');
  const behind = new Told(validators, me).start().certificate(PRECOMMIT, rest, A, 2);
  assert.deepEqual(types(behind.last), ['round', 'timeout', 'fetch', 'timeout']);
  assert.equal(behind.state.driver.round.round, 2);
  behind.tell({ type: 'block', round: 2, block: B });
  assert.equal(behind.last.length, 0, 'nobody is for this one');
  behind.tell({ type: 'block', round: 2, block: A });
  assert.equal(behind.last[0]?.type, 'decide');
});

test('a height begins in the round that its early votes have reached', () => {
  const votes = rest.map((place) => bareVote(place, PREVOTE, A, 2));
  const node = new Told(validators, me).tell({ type: 'start', votes });
  assert.equal(node.state.driver.round.round, 2);
  assert.deepEqual(types(node.last), ['round', 'timeout', 'fetch']);
  node.proposal(A, 2);
  assert.deepEqual(node.ballots, [ballot(PREVOTE, A, 2), ballot(PRECOMMIT, A, 2)]);
});

test('one who only looks on decides, and neither votes nor proposes', () => {
  const node = new Told(validators, -1).start().proposal(A).votes(PREVOTE, rest, A).votes(PRECOMMIT, rest, A);
  assert.deepEqual(node.ballots, []);
  assert.equal(node.last[0]?.type, 'decide');
});

test('votes of strangers and of other heights are nothing', () => {
  const node = new Told(validators, me).start();
  const { state } = node;
  node.tell({ type: 'vote', vote: bareVote(4, PREVOTE, A) });
  node.tell({ type: 'vote', vote: bareVote(0, PREVOTE, A, 0, 2) });
  node.tell({ type: 'proposal', proposal: bareProposal(A, 0, -1, 2), verdict: 'valid' });
  node.tell({ type: 'timeout', height: 2, round: 0, step: 'propose' });
  assert.deepEqual(node.state, state);
});

test('after a crash, what the log holds leads back to the same state, and only what is missing is done again', () => {
  const setting = settingOf(1, validators, validators.at(me)!.key);
  const inputs = [
    { type: 'start' },
    { type: 'proposal', proposal: bareProposal(A), verdict: 'valid' },
    ...[me, ...rest.slice(0, 2)].map(
      (place) => ({ type: 'vote', vote: bareVote(place, PREVOTE, A) }) as const,
    ),
  ] as const;
  const live = new Told(validators, me);
  for (const input of inputs) live.tell(input);

  const log = inputs.map((input) => encode(inputCodec, input));
  let state = newHeight(setting);
  const effects: Effect[] = [];
  for (const record of log) {
    const driven = step(state, decode(inputCodec, record));
    state = driven.state;
    effects.push(...driven.effects);
  }
  assert.deepEqual({ ...state.driver, setting: 0 }, { ...live.state.driver, setting: 0 });
  assert.deepEqual(outstanding(state, effects), [
    { type: 'round', height: 1, round: 0 },
    { type: 'timeout', height: 1, round: 0, step: 'propose' },
    { type: 'timeout', height: 1, round: 0, step: 'prevote' },
    { type: 'vote', ballot: ballot(PRECOMMIT, A) },
  ]);
});

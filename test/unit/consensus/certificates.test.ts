import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createLog } from '#base';
import type { Equivocation } from '#ledger';
import { MemoryStore } from '#store';
import {
  blockId,
  certificateOf,
  encodeBlock,
  makeBlock,
  type Proposal,
  partsOf,
  signProposal,
  verifyAll,
} from '../../../src/consensus/blocks/index.ts';
import { ChainStore } from '../../../src/consensus/chain-store.ts';
import { NIL, PRECOMMIT, PREVOTE } from '../../../src/consensus/constants.ts';
import type { ConsensusMessage } from '../../../src/consensus/gossip/index.ts';
import { HeightRecord } from '../../../src/consensus/height-record.ts';
import { decodeRecord, LastSign, WriteAheadLog } from '../../../src/consensus/journal/index.ts';
import { ConsensusLoop, type FinalBlock } from '../../../src/consensus/loop/index.ts';
import { Validator } from '../../../src/consensus/validator.ts';
import { until } from '../../support/consensus/cluster.ts';
import { ListApplication } from '../../support/consensus/list-application.ts';
import { CHAIN_ID, committee, named, voteBy } from '../../support/consensus/validators.ts';

const four = committee([10, 10, 10, 10]);
const { validators, keys } = four;
const placeFor = (round: number) => validators.placeOf(validators.proposer(round).key);
/** The proposers of the first two rounds, one who is tested and one who votes twice. */
const [first, second] = [placeFor(0), placeFor(1)];
const [other, double] = [0, 1, 2, 3].filter((place) => place !== first && place !== second) as [
  number,
  number,
];

const APP_HASH = new Uint8Array(32);
const block = makeBlock({
  chainId: CHAIN_ID,
  height: 1,
  time: Date.now(),
  previous: NIL,
  lastCommit: undefined,
  transactions: [],
  validators: validators.hash,
  nextValidators: validators.next().hash,
  appHash: APP_HASH,
  proposer: validators.proposer(0).key,
});
const id = blockId(block.header);
const { root, total, parts } = partsOf(encodeBlock(block));

function proposalOf(round: number, validRound: number): ConsensusMessage[] {
  const { time } = block.header;
  const unsigned = { height: 1, round, validRound, block: id, partsRoot: root, parts: total, time };
  const proposal: Proposal = signProposal(CHAIN_ID, unsigned, keys[placeFor(round)]!);
  return [
    { type: 'proposal', value: proposal },
    ...parts.map((part) => ({ type: 'part' as const, value: { height: 1, root, total, part } })),
  ];
}

const vote = (place: number, round: number, kind: 1 | 2, of = id): ConsensusMessage => ({
  type: 'vote',
  value: voteBy(four, place, kind, of, { round }),
});
const polka = certificateOf([first, second, double].map((place) => voteBy(four, place, PREVOTE, id)));

/** No timeout ends while a test runs: only what is heard moves the node. */
const NEVER = 500_000;
const PACE = {
  propose: NEVER,
  proposeStep: 0,
  prevote: NEVER,
  prevoteStep: 0,
  precommit: NEVER,
  precommitStep: 0,
  commit: 1,
};

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'bitorch-certificates-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The shell of the validator at a place, on real files; what it would send is kept. */
async function shell(t: TestContext, place: number, folder = folderFor(t)) {
  const store = new ChainStore(new MemoryStore());
  store.begin(APP_HASH, [validators, validators.next()]);
  const guard = new LastSign(join(folder, 'last-sign'));
  const said: ConsensusMessage[] = [];
  const accused: Equivocation[] = [];
  const final: FinalBlock[] = [];
  const wal = new WriteAheadLog({ folder: join(folder, 'journal') });
  const deciding = new ConsensusLoop(
    { chainId: CHAIN_ID, timeouts: PACE, clockToleranceMs: 600_000, maxBytes: 1 << 20 },
    {
      application: new ListApplication(join(folder, 'application')),
      store,
      wal,
      validator: new Validator(CHAIN_ID, { key: keys[place]!, guard }),
      verify: verifyAll,
      now: Date.now,
      log: createLog('silent'),
      relay: (message) => void said.push(message),
      broadcast: () => undefined,
      onMove: () => undefined,
      onFinal: async (one) => void final.push(one),
      onEvidence: (evidence) => void accused.push(evidence),
      onFork: () => undefined,
    },
  );
  await deciding.start();
  t.after(() => deciding.stop());
  const hear = (...messages: ConsensusMessage[]) => {
    for (const message of messages) deciding.receive(message);
  };
  const journal = () =>
    wal.recordsOf(1).map((bytes) => {
      const record = decodeRecord(bytes);
      return record.type === 'input' ? record.value.type : 'block';
    });
  const voted = (round: number, kind: number) =>
    said.some(
      ({ type, value }) =>
        type === 'vote' && value.validator === place && value.round === round && value.kind === kind,
    );
  return { deciding, said, accused, final, hear, journal, voted };
}

/** In round 0 the double voter told this node nil and the others the block, which they propose again in round 1. */
const STALLED = [
  vote(double, 0, PREVOTE, NIL),
  vote(first, 0, PREVOTE),
  vote(second, 0, PREVOTE),
  vote(first, 1, PREVOTE),
  vote(second, 1, PREVOTE),
  ...proposalOf(1, 0),
];

test('a certificate shows the polka to a node that heard the other vote of a double voter, and the height is decided', async (t) => {
  const folder = folderFor(t);
  const node = await shell(t, other, folder);
  node.hear(...STALLED);
  await until(() => node.journal().includes('proposal'), 'heard');
  await turn();
  assert.equal(node.voted(1, PREVOTE), false, 'it cannot know yet that the block may be voted for');
  // The other vote of its own does not help: a second vote does not count.
  node.hear(vote(double, 0, PREVOTE));
  await until(() => node.accused.length === 1, 'accused');
  assert.equal(node.voted(1, PREVOTE), false);

  node.hear({ type: 'certificate', value: polka });
  await until(() => node.voted(1, PREVOTE) && node.voted(1, PRECOMMIT), 'voted for');
  assert.ok(node.journal().includes('certificate'), 'it is in the journal');
  const passedOn = () => node.said.filter(({ type }) => type === 'certificate').length;
  assert.equal(passedOn(), 1);
  node.hear({ type: 'certificate', value: polka });
  assert.equal(passedOn(), 1, 'and once only');

  await node.deciding.stop();
  const again = await shell(t, other, folder);
  assert.equal(again.deciding.status.round, 1);
  assert.deepEqual(again.deciding.record(1)!.certificate(0, PREVOTE), polka, 'it is known after a crash');
  again.hear(vote(first, 1, PRECOMMIT), vote(second, 1, PRECOMMIT));
  await until(() => again.final.length === 1, 'decided');
  assert.deepEqual(again.final[0]!.id, id);
  assert.deepEqual(
    again.deciding.record(1)!.certificate(1, PRECOMMIT)!.block,
    id,
    'what decided it is at hand',
  );
});

test('who proposes again sends the polka before it', async (t) => {
  const node = await shell(t, second);
  node.hear(...proposalOf(0, -1), vote(first, 0, PREVOTE), vote(double, 0, PREVOTE));
  await until(() => node.voted(0, PRECOMMIT), 'locked');
  node.hear(vote(first, 1, PREVOTE, NIL), vote(other, 1, PREVOTE, NIL));
  await until(() => node.voted(1, PREVOTE), 'voted for');
  const at = node.said.findIndex(({ type }) => type === 'certificate');
  const proposed = node.said.findIndex(({ type, value }) => type === 'proposal' && value.round === 1);
  assert.ok(at >= 0 && at < proposed, `certificate ${at}, proposal ${proposed}`);
  assert.deepEqual(node.said[at]!.value, polka);
});

test('certificates that prove nothing count against their sender', async (t) => {
  const node = await shell(t, other);
  const bad = {
    'two of four': { ...polka, signatures: polka.signatures.slice(1) },
    'a forged signature': {
      ...polka,
      signatures: polka.signatures.map((one, i) => (i ? one : { ...one, signature: new Uint8Array(64) })),
    },
    'one signer twice': { ...polka, signatures: [...polka.signatures, polka.signatures.at(-1)!] },
    'of another kind': { ...polka, kind: PRECOMMIT },
    'another round': { ...polka, round: 7 },
    'another block': { ...polka, block: named('another') },
    'no block': { ...polka, block: NIL },
  };
  for (const [what, value] of Object.entries(bad))
    assert.throws(
      () => node.hear({ type: 'certificate', value: value as typeof polka }),
      { code: 'COMMIT_INVALID' },
      what,
    );
  assert.equal(node.said.length, 0);
  // Of a height that is not worked on it is not even looked at.
  node.hear({ type: 'certificate', value: { ...polka, height: 9, signatures: [] } });
});

test('a record makes a certificate of single votes as soon as they are more than two thirds for one block', () => {
  const record = new HeightRecord(1, validators);
  for (const place of [0, 1]) record.addVote(voteBy(four, place, PREVOTE, id));
  record.addVote(voteBy(four, 2, PREVOTE, NIL));
  assert.equal(record.certificate(0, PREVOTE), undefined);
  record.addVote(voteBy(four, 3, PREVOTE, id));
  assert.deepEqual(
    record.certificate(0, PREVOTE),
    certificateOf([0, 1, 3].map((place) => voteBy(four, place, PREVOTE, id))),
  );
  for (const place of [0, 1, 2, 3]) record.addVote(voteBy(four, place, PRECOMMIT, NIL));
  assert.equal(record.certificate(0, PRECOMMIT), undefined, 'nil is no block');
});

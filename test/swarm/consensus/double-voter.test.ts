import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createLog } from '#base';
import { SigningKey } from '#crypto';
import { Host } from '#network';
import { MemoryStore } from '#store';
import { verifyAll } from '../../../src/consensus/blocks/index.ts';
import { ChainStore } from '../../../src/consensus/chain-store.ts';
import { NIL, PRECOMMIT, PREVOTE } from '../../../src/consensus/constants.ts';
import { type ConsensusMessage, Gossip } from '../../../src/consensus/gossip/index.ts';
import { LastSign, WriteAheadLog } from '../../../src/consensus/journal/index.ts';
import { ConsensusLoop, type FinalBlock } from '../../../src/consensus/loop/index.ts';
import { Validator } from '../../../src/consensus/validator.ts';
import { until } from '../../support/consensus/cluster.ts';
import { ListApplication } from '../../support/consensus/list-application.ts';
import { CHAIN_ID, committee, named, voteBy } from '../../support/consensus/validators.ts';

const log = createLog('silent');
const four = committee([10, 10, 10, 10]);
const { validators, keys } = four;
const placeFor = (round: number) => validators.placeOf(validators.proposer(round).key);
const [first, second] = [placeFor(0), placeFor(1)];
const [other, double] = [0, 1, 2, 3].filter((place) => place !== first && place !== second) as [
  number,
  number,
];

/** A validator with everything that decides and gossips, on a host of its own; connected with nobody yet. */
async function validator(t: TestContext, place: number, propose: number) {
  const folder = mkdtempSync(join(tmpdir(), 'bitorch-double-voter-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const host = await Host.start({ key: SigningKey.generate() }, { log });
  t.after(() => host.stop());
  const store = new ChainStore(new MemoryStore());
  store.begin(new Uint8Array(32), [validators, validators.next()]);
  const said: ConsensusMessage[] = [];
  const final: FinalBlock[] = [];
  const gossip: Gossip = new Gossip(
    { chainId: CHAIN_ID, genesis: named('genesis') },
    {
      host,
      log,
      now: () => performance.now(),
      source: {
        status: () => ({ ...deciding.status, base: 1 }),
        record: (height) => deciding.record(height),
        receiveConsensus: (message) => deciding.receive(message),
        receiveTransactions: () => undefined,
        peerJoined: () => undefined,
        peerMoved: () => undefined,
      },
    },
  );
  const step = { proposeStep: 200, prevote: 100, prevoteStep: 50, precommit: 100, precommitStep: 50 };
  const guard = new LastSign(join(folder, 'last-sign'));
  const deciding: ConsensusLoop = new ConsensusLoop(
    {
      chainId: CHAIN_ID,
      timeouts: { propose, ...step, commit: 50 },
      clockToleranceMs: 600_000,
      maxBytes: 1 << 20,
    },
    {
      application: new ListApplication(join(folder, 'application')),
      store,
      wal: new WriteAheadLog({ folder: join(folder, 'journal') }),
      validator: new Validator(CHAIN_ID, { key: keys[place]!, guard }),
      verify: verifyAll,
      now: Date.now,
      log,
      relay(message) {
        said.push(message);
        gossip.relay(message);
      },
      broadcast: (message) => gossip.broadcast(message),
      onMove: () => gossip.tellStatus(),
      onFinal: async (one) => void final.push(one),
      onEvidence: () => undefined,
      onFork: () => undefined,
    },
  );
  await deciding.start();
  t.after(() => deciding.stop());
  await gossip.start();
  t.after(() => gossip.stop());
  /** What it voted in round 0. */
  const vote = (kind: 1 | 2) =>
    said.flatMap(({ type, value }) =>
      type === 'vote' && value.validator === place && value.kind === kind && value.round === 0 ? [value] : [],
    )[0];
  const hear = (messages: readonly ConsensusMessage[]) => {
    for (const message of messages) deciding.receive(message);
  };
  return { host, said, final, vote, hear };
}

const told = (block: Uint8Array): ConsensusMessage[] => [
  { type: 'vote', value: voteBy(four, double, PREVOTE, block) },
];

test('a validator that tells two a vote for the block, one a vote for nil, and then falls silent stops nothing', async (t) => {
  const proposer = await validator(t, first, 2_000);
  await until(() => proposer.vote(PREVOTE) !== undefined, 'proposed and voted for');
  const { block } = proposer.vote(PREVOTE)!;
  const locked = await validator(t, second, 2_000);
  locked.hear([...proposer.said, ...told(block)]);
  await until(() => locked.vote(PRECOMMIT) !== undefined, 'precommitted by the second');
  proposer.hear([...locked.said.filter(({ type }) => type === 'vote'), ...told(block)]);
  await until(() => proposer.vote(PRECOMMIT) !== undefined, 'precommitted by the first');
  const misled = await validator(t, other, 100);
  misled.hear(told(NIL));
  await until(() => misled.vote(PREVOTE) !== undefined, 'waited for in vain');
  assert.deepEqual(misled.vote(PREVOTE)!.block, NIL);
  assert.deepEqual(
    [proposer, locked].map((one) => one.vote(PRECOMMIT)!.block),
    [block, block],
  );

  // Two are locked on the block; the third can only vote for it once it knows the polka that it never heard.
  await proposer.host.connect(locked.host.addresses[0]!);
  await misled.host.connect(proposer.host.addresses[0]!);
  await misled.host.connect(locked.host.addresses[0]!);
  const all = [proposer, locked, misled];
  await until(() => all.every(({ final }) => final.length >= 3), 'decided three heights', 40);
  for (const { final } of all) assert.deepEqual(final[0]!.id, block);
});

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { sha256, utf8 } from '#base';
import { isProven, offendersOf, type SpendRules } from '#ledger';
import { blockId } from '../../../src/consensus/blocks/index.ts';
import { NIL, PRECOMMIT, PREVOTE, partsBoundOf } from '../../../src/consensus/constants.ts';
import { founders, testGenesis } from '../../support/consensus/application.ts';
import { DecidingNode, type DecidingNodeOptions } from '../../support/consensus/deciding-node.ts';
import {
  deterministic,
  signer,
  someRefund,
  transactionOf,
  trustingSpends,
} from '../../support/ledger/chain.ts';

async function nodeFor(t: TestContext, options: DecidingNodeOptions = {}): Promise<DecidingNode> {
  const node = await DecidingNode.start(options);
  t.after(() => node.stop());
  return node;
}

test('an honest block is voted for', async (t) => {
  const node = await nodeFor(t);
  node.propose(node.block([]));
  assert.equal(await node.prevote(), 'block');
});

test('no block is earlier than the genesis, and nobody begins before', async (t) => {
  const begins = Date.now() + 3_600_000;
  const early = await nodeFor(t, { begins, timeouts: { propose: 1, prevote: 1, precommit: 1 } });
  assert.equal(early.deciding.tip.previousTime, begins - 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([early.deciding.status.round, early.shouted.length], [0, 0], 'it waits');
  early.propose(early.block([]));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual([early.deciding.status.round, early.prevotes], [0, []], 'whoever proposes');
  const begun = await nodeFor(t, { begins: Date.now() - 1 });
  begun.propose(begun.block([]));
  assert.equal(await begun.prevote(), 'block');
});

test('a proposer whose clock is ahead does not hold up the height after its block', async (t) => {
  let begun = 0;
  const rest = () => {
    begun++;
    return 600_000;
  };
  const node = await nodeFor(t, { rest });
  const block = node.block([], { time: Date.now() + 600_000 });
  await node.deciding.adopt(block, node.commitOf(block));
  const before = begun;
  while (begun === before) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(node.deciding.status.height, 2);
});

test('a block whose amounts run over gets a vote for nil', async (t) => {
  const node = await nodeFor(t);
  const [delegator, validator] = [signer('nobody'), founders[0]!.publicKey];
  const [half, fee] = [2n ** 63n, 10n ** 7n];
  const delegate = {
    name: 'delegate' as const,
    body: { validator, delegator: delegator.publicKey, amount: half },
  };
  const undelegate = (released: bigint, sequence: number) => ({
    name: 'undelegate' as const,
    body: {
      validator,
      delegator: delegator.publicKey,
      shares: 1n,
      refund: someRefund,
      sequence,
      fee: released,
    },
  });
  const { bytes } = transactionOf(node.chain.ledger, deterministic('overflow'), {
    actions: [delegate, delegate, undelegate(half, 0), undelegate(half + fee, 1)],
    signers: [delegator, delegator],
    fee,
  });
  node.propose(node.block([bytes]));
  assert.equal(await node.prevote(), 'nil');
  assert.equal(node.deciding.halted, false);
});

test('a block whose execution fails with any error gets a vote for nil', async (t) => {
  const broken: SpendRules = {
    ...trustingSpends,
    resolve: () => {
      throw new RangeError('a mistake of ours that somebody has found');
    },
  };
  const node = await nodeFor(t, { spends: broken });
  const { bytes } = transactionOf(node.chain.ledger, deterministic('broken'), { inputs: 1 });
  node.propose(node.block([bytes]));
  assert.equal(await node.prevote(), 'nil');
  assert.equal(node.deciding.halted, false);
});

test('an application that fails is no reason to stop: the next timeout votes', async (t) => {
  const node = await nodeFor(t, {
    timeouts: { propose: 20 },
    wrap: (application) => {
      const failing = Object.create(application);
      failing.processProposal = async () => {
        throw new Error('out of threads');
      };
      return failing;
    },
  });
  node.propose(node.block([]));
  assert.equal(await node.prevote(), 'nil');
  assert.equal(node.deciding.halted, false);
});

test('of a proposal of more parts than the genesis allows nothing is kept', async (t) => {
  const node = await nodeFor(t);
  const most = partsBoundOf(testGenesis().consensus.maxBytes);
  const { proposal } = node.proposalOf(node.block([]), most + 1);
  assert.throws(() => node.deciding.receive({ type: 'proposal', value: proposal }), {
    code: 'BLOCK_INVALID',
    message: new RegExp(`at most ${most} parts`),
  });
  assert.equal(node.deciding.record(1)!.partsOf(0), undefined);
  const long = node.proposalOf(node.block([]), most).proposal;
  node.deciding.receive({ type: 'proposal', value: long });
  assert.equal(node.deciding.record(1)!.partsOf(0)!.header.total, most);
});

test('a block that fits the parts and not the bytes of the genesis gets a vote for nil', async (t) => {
  const node = await nodeFor(t);
  node.propose(node.block(Array.from({ length: 17 }, () => new Uint8Array(65_000))));
  assert.equal(await node.prevote(), 'nil');
  assert.equal(node.deciding.halted, false);
});

test('while a block is verified without end, votes are counted and timeouts go on', async (t) => {
  const never = new Promise<never>(() => undefined);
  const verifier = {
    verify: () => never,
    allHold: () => never,
    evidenceHolds: () => never,
    stop: async () => undefined,
  };
  const node = await nodeFor(t, { verifier, timeouts: { propose: 20 } });
  const { bytes } = transactionOf(node.chain.ledger, deterministic('slow'), { inputs: 1 });
  node.propose(node.block([bytes]));
  const other = founders.find((founder) => founder !== node.own)!;
  node.hear(node.voteOf(other, 1, PREVOTE, NIL));
  assert.equal(await node.prevote(), 'nil');
  assert.ok(node.deciding.record(1)!.votes(0, PREVOTE)!.has(node.set.placeOf(other.publicKey)));
});

/** With one block decided. */
async function afterOne(t: TestContext, options: DecidingNodeOptions = {}): Promise<DecidingNode> {
  const node = await nodeFor(t, options);
  const block = node.block([]);
  await node.deciding.adopt(block, node.commitOf(block));
  assert.equal(node.store.height, 1);
  return node;
}

test('a decided block that follows from another state stops the node, and blames nobody', async (t) => {
  for (const field of ['appHash', 'nextValidators', 'validators'] as const) {
    const node = await afterOne(t);
    const block = node.block([], { [field]: sha256(utf8('another state')) });
    await node.deciding.adopt(block, node.commitOf(block));
    assert.ok(node.deciding.halted);
    assert.match(node.deciding.problem!, /APP_HASH_DIFFERS.*sync again/);
    assert.equal(node.store.height, 1);
  }
});

test('the same block without two thirds behind it counts against the sender', async (t) => {
  const node = await afterOne(t);
  const block = node.block([], { appHash: sha256(utf8('another state')) });
  const few = { ...node.commitOf(block), present: Uint8Array.of(0b11) };
  await assert.rejects(node.deciding.adopt(block, few), { code: 'COMMIT_INVALID' });
  assert.equal(node.deciding.halted, false);
});

test('a second precommit is evidence against the aggregate of a block that was taken over, once', async (t) => {
  const node = await nodeFor(t);
  const bad = founders.find((founder) => founder !== node.own)!;
  const block = node.block([]);
  await node.deciding.adopt(block, node.commitOf(block));
  const other = sha256(utf8('another'));
  const forged = node.voteOf(bad, 1, PRECOMMIT, other);
  assert.throws(() => node.hear({ ...forged, signature: new Uint8Array(64) }), { code: 'COMMIT_INVALID' });
  assert.equal(node.evidence.length, 0);
  for (let i = 0; i < 2; i++) node.hear(node.voteOf(bad, 1, PRECOMMIT, other));
  assert.equal(node.evidence.length, 1);
  assert.ok(isProven(node.evidence[0]!, node.chainId));
  assert.deepEqual(offendersOf(node.evidence[0]!), [bad.publicKey]);
  assert.equal(node.shouted.length, 1);
  node.hear(node.voteOf(bad, 1, PRECOMMIT, blockId(block.header)));
  assert.equal(node.evidence.length, 1, 'its vote for the block is none');
});

test('a second vote is evidence, once, in its height, the height after and later', async (t) => {
  const node = await nodeFor(t);
  const bad = founders.find((founder) => founder !== node.own)!;
  const [one, two] = [sha256(utf8('one')), sha256(utf8('two'))];
  for (const vote of [one, two, two]) node.hear(node.voteOf(bad, 1, PREVOTE, vote, 3));
  assert.equal(node.evidence.length, 1);
  assert.equal(node.shouted.length, 1);
  node.hear(node.voteOf(bad, 1, PREVOTE, one, 2));
  const blocks = [];
  for (let height = 1; height <= 3; height++) {
    const block = node.block([]);
    blocks.push(block);
    await node.deciding.adopt(block, node.commitOf(block));
    if (height === 1) node.hear(node.voteOf(bad, 1, PREVOTE, two, 2));
  }
  assert.equal(node.evidence.length, 2);
  node.hear(node.voteOf(bad, 1, PRECOMMIT, one));
  node.hear(node.voteOf(bad, 1, PRECOMMIT, two));
  node.hear(node.voteOf(bad, 2, PRECOMMIT, blockId(blocks[1]!.header)));
  assert.equal(node.evidence.length, 3);
  assert.equal(node.evidence[2]!.kind, PRECOMMIT);
});

/** Decides blocks on a node until it has this many. */
async function growTo(node: DecidingNode, height: number): Promise<void> {
  while (node.store.height < height) {
    const block = node.block([]);
    await node.deciding.adopt(block, node.commitOf(block));
  }
}

test('a second prevote is evidence while the ledger takes it, and not a block longer', async (t) => {
  const node = await nodeFor(t, { evidenceBlocks: 8 });
  const bad = founders.find((founder) => founder !== node.own)!;
  const [one, two] = [sha256(utf8('one')), sha256(utf8('two'))];
  for (let height = 1; height <= 3; height++) {
    node.hear(node.voteOf(bad, height, PREVOTE, one));
    await growTo(node, height);
  }
  await growTo(node, 9);
  for (const height of [1, 2, 3]) node.hear(node.voteOf(bad, height, PREVOTE, two));
  // The next block has height 10: votes of height 2 are 8 blocks old.
  assert.deepEqual(
    node.evidence.map(({ height }) => height),
    [3],
  );
  assert.ok(isProven(node.evidence[0]!, node.chainId));
});

test('a first prevote that comes late is remembered too', async (t) => {
  const node = await nodeFor(t);
  const [bad, another] = founders.filter((founder) => founder !== node.own);
  node.hear(node.voteOf(another!, 1, PREVOTE, sha256(utf8('one'))));
  await growTo(node, 1);
  node.hear(node.voteOf(bad!, 1, PREVOTE, sha256(utf8('one'))));
  await growTo(node, 5);
  node.hear(node.voteOf(bad!, 1, PREVOTE, sha256(utf8('two'))));
  assert.deepEqual(node.evidence.map(offendersOf), [[bad!.publicKey]]);
});

test('first votes survive a restart: those of the last height by its journal, the others in the archive', async (t) => {
  const node = await nodeFor(t);
  const bad = founders.find((founder) => founder !== node.own)!;
  const [one, two] = [sha256(utf8('one')), sha256(utf8('two'))];
  for (let height = 1; height <= 4; height++) {
    node.hear(node.voteOf(bad, height, PREVOTE, one, 1));
    node.propose(node.block([]));
    // Its own vote comes after everything that it heard before is in the journal.
    while (node.prevotes.length < height) await new Promise((resolve) => setTimeout(resolve, 5));
    await growTo(node, height);
  }
  const again = await node.restart();
  t.after(() => again.stop());
  again.hear(again.voteOf(bad, 4, PREVOTE, two, 1));
  again.hear(again.voteOf(bad, 2, PREVOTE, two, 1));
  await growTo(again, 6);
  const last = await again.restart();
  t.after(() => last.stop());
  last.hear(last.voteOf(bad, 4, PREVOTE, two, 1));
  for (const { evidence, heights } of [
    { evidence: again.evidence, heights: [4, 2] },
    { evidence: last.evidence, heights: [4] },
  ]) {
    assert.deepEqual(
      evidence.map(({ height }) => height),
      heights,
    );
    for (const one of evidence) assert.ok(isProven(one, node.chainId));
  }
});

test('a second vote that was shown is not verified again, however often it comes', async (t) => {
  let verified = 0;
  const node = await nodeFor(t, { onVerify: (count) => (verified += count) });
  const bad = founders.find((founder) => founder !== node.own)!;
  node.hear(node.voteOf(bad, 1, PREVOTE, sha256(utf8('one')), 2));
  const block = node.block([]);
  await node.deciding.adopt(block, node.commitOf(block));
  const second = node.voteOf(bad, 1, PREVOTE, sha256(utf8('two')), 2);
  verified = 0;
  for (let i = 0; i < 50; i++) node.hear(second);
  assert.equal(verified, 1);
  assert.equal(node.evidence.length, 1);
});

test('another decision of the last block forks the chain, as long as those who made it answer for it', async (t) => {
  for (const [trustingPeriodMs, forks] of [[60_000, 1] as const, [0, 0] as const]) {
    const node = await afterOne(t, { trustingPeriodMs });
    const { lastCommit } = node.deciding.tip;
    const other = { ...node.store.block(1)!.header, time: Date.now() + 10 };
    const theirs = node.commitOf({ header: other, lastCommit: undefined, transactions: [] });
    const { header, transactions } = node.block([]);
    const block = { header: { ...header, previous: theirs.block }, lastCommit: theirs, transactions };
    await assert.rejects(node.deciding.adopt(block, node.commitOf(block)), { code: 'BLOCK_INVALID' });
    assert.deepEqual(
      node.forks,
      Array.from({ length: forks }, () => [lastCommit, theirs]),
    );
  }
});

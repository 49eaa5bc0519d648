import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256, toHex, utf8 } from '#base';
import { isProven } from '#ledger';
import { type Block, makeBlock, verifyAll } from '../../../src/consensus/blocks/index.ts';
import { blameFork } from '../../../src/consensus/evidence/blame-fork.ts';
import { forkAt, keepFork } from '../../../src/consensus/evidence/kept-fork.ts';
import { ProposalValidator } from '../../../src/consensus/loop/proposal-validator.ts';
import { CHAIN_ID, chainOf, commitOf, keysOf, setOf } from '../../support/consensus/headers.ts';
import { ListApplication } from '../../support/consensus/list-application.ts';

const four = keysOf('a', 'b', 'c', 'd');
const set = setOf(four);
const [first, second] = chainOf(2, () => four) as [
  ReturnType<typeof chainOf>[0],
  ReturnType<typeof chainOf>[0],
];

/** Another block of height 1, which three of four have signed as well: two of them at least twice. */
const other: Block = makeBlock({
  ...first.block.header,
  lastCommit: undefined,
  transactions: [utf8('another')],
});
const theirs = commitOf(other, set, four.slice(0, 3));

const judge = () =>
  new ProposalValidator(
    {
      clockToleranceMs: 1000,
      tip: {
        chainId: CHAIN_ID,
        height: 2,
        previous: first.light.commit.block,
        previousTime: first.block.header.time,
        validators: set,
        nextValidators: set,
        appHash: sha256(utf8('state 1')),
        lastCommit: first.light.commit,
        lastValidators: set,
      },
    },
    { application: new ListApplication('/nowhere'), verify: verifyAll, now: () => 0 },
  );

test('a block whose last commit is good and names another block proves a fork; nothing else does', () => {
  const after = (lastCommit: typeof theirs) =>
    makeBlock({ ...second.block.header, transactions: [], lastCommit });
  assert.equal(judge().contradiction(second.block), undefined);
  assert.deepEqual(judge().contradiction(after(theirs)), theirs);
  const few = commitOf(other, set, four.slice(0, 2));
  assert.equal(judge().contradiction(after(few)), undefined);
  assert.equal(judge().contradiction(after({ ...theirs, height: 3 })), undefined);
});

test('what a halted node keeps names those who signed both', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bitorch-fork-'));
  try {
    const path = join(folder, 'fork');
    assert.equal(forkAt(path), undefined);
    assert.throws(() => blameFork([path]), { code: 'FORK_MISSING' });
    const ours = commitOf(first.block, set, four.slice(1));
    keepFork(path, { chainId: CHAIN_ID, ours, theirs, validators: set, votes: [] });
    const { blame, height, total } = blameFork([path]);
    assert.equal(height, 1);
    assert.equal(total, 40);
    const twice = [four[1]!, four[2]!].map(({ publicKey }) => toHex(publicKey)).sort();
    assert.deepEqual(blame.guilty.map(toHex).sort(), twice);
    // Two aggregates show both of them at once.
    assert.equal(blame.doubleVotes.length, 1);
    assert.ok(isProven(blame.doubleVotes[0]!, CHAIN_ID));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

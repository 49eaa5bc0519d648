import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, sha256, utf8 } from '#base';
import { MemoryStore } from '#store';
import { type Commit, verifyAll } from '../../../src/consensus/blocks/index.ts';
import { ChainStore } from '../../../src/consensus/chain-store/index.ts';
import { ForkWatch } from '../../../src/consensus/fork-watch.ts';
import { CHAIN_ID, chainOf, keysOf, type Link, setOf } from '../../support/consensus/headers.ts';

const four = keysOf('a', 'b', 'c', 'd');
const ours = chainOf(40, () => four);
const branchAt = (height: number, keys = four, length = 40) =>
  chainOf(length, () => keys, ours.slice(0, height));

/** What comes of looking at a peer with these blocks. */
async function lookAt(theirs: readonly Link[], { base = 1, known = ours, pruned = 0 } = {}) {
  const store = new ChainStore(new MemoryStore());
  store.begin(sha256(utf8('state 0')), [setOf(four), setOf(four)]);
  for (const { block, light } of known)
    store.append({ block, commit: light.commit, appHash: light.header.appHash, validators: setOf(four) });
  store.prune(pruned);
  const asked: number[] = [];
  const forks: (readonly [Commit, Commit])[] = [];
  const banned: string[] = [];
  const watch = new ForkWatch(
    { chainId: CHAIN_ID },
    {
      store,
      peers: () => [{ id: 'peer', status: { height: theirs.length + 1, round: 0, base } }],
      light: async (_, height) => {
        asked.push(height);
        return theirs[height - 1]?.light;
      },
      verify: verifyAll,
      log: createLog('silent'),
      onFork: (...fork) => forks.push(fork),
      ban: (peer) => banned.push(peer),
    },
  );
  await watch.look('peer');
  return { asked, forks, banned };
}

test('a peer with the same blocks, fewer or more of them, is asked one question', async () => {
  for (const length of [12, 40, 50]) {
    const { asked, forks, banned } = await lookAt(chainOf(length, () => four));
    assert.deepEqual([asked, forks, banned], [[Math.min(40, length)], [], []]);
  }
});

test('a branch is found at its first block, whichever side is longer', async () => {
  for (const height of [1, 17, 38, 39]) {
    for (const length of [height + 1, 40, 55]) {
      const theirs = chainOf(length, () => four, ours.slice(0, height));
      const { forks, banned } = await lookAt(theirs);
      assert.deepEqual(forks, [[ours[height]!.light.commit, theirs[height]!.light.commit]]);
      assert.deepEqual(banned, []);
    }
  }
});

test('below what either of them has kept nothing is asked', async () => {
  const theirs = branchAt(5);
  for (const options of [{ base: 20 }, { pruned: 20 }]) {
    const { asked, forks } = await lookAt(theirs, options);
    assert.ok(Math.min(...asked) >= 20);
    assert.equal(forks[0]![0].height, 20);
  }
});

test('blocks that our validators have not decided are no fork but a lie', async () => {
  const strangers = branchAt(10, keysOf('w', 'x', 'y', 'z'));
  const few = branchAt(10).map(({ block, light }) => ({
    block,
    light: { ...light, commit: { ...light.commit, signatures: light.commit.signatures.slice(0, 2) } },
  }));
  const borrowed = branchAt(10).map(({ block, light }, i) => ({
    block,
    light: { ...light, commit: ours[i]!.light.commit },
  }));
  for (const theirs of [strangers, few, borrowed]) {
    const { forks, banned } = await lookAt(theirs);
    assert.deepEqual([forks, banned], [[], ['peer']]);
  }
});

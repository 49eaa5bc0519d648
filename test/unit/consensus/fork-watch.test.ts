import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { createLog, sha256, utf8 } from '#base';
import { MemoryStore } from '#store';
import { type Commit, verifyAll } from '../../../src/consensus/blocks/index.ts';
import { ChainStore } from '../../../src/consensus/chain-store.ts';
import { ForkWatch } from '../../../src/consensus/evidence/fork-watch.ts';
import { CHAIN_ID, chainOf, FIRST_TIME, keysOf, type Link, setOf } from '../../support/consensus/headers.ts';

const four = keysOf('a', 'b', 'c', 'd');
const PERIOD_MS = 60_000;
/** Just after the fortieth block. */
const NOW = FIRST_TIME + 41_000;
const ours = chainOf(40, () => four);
const branchAt = (height: number, keys = four, length = 40) =>
  chainOf(length, () => keys, ours.slice(0, height));

/** What comes of looking at a peer with these blocks. */
async function lookAt(
  theirs: readonly Link[],
  { base = 1, known = ours, pruned = 0, now = NOW, keysAt = (_: number) => four, checkpoint = 0 } = {},
) {
  const store = new ChainStore(new MemoryStore());
  store.begin(sha256(utf8('state 0')), [setOf(keysAt(1)), setOf(keysAt(2))]);
  for (const { block, light } of known) {
    const validators = setOf(keysAt(block.header.height + 2));
    store.append({ block, commit: light.commit, appHash: light.header.appHash, validators });
  }
  store.prune(pruned);
  const asked: number[] = [];
  const forks: (readonly [Commit, Commit])[] = [];
  const banned: string[] = [];
  const watch = new ForkWatch(
    { chainId: CHAIN_ID, trustingPeriodMs: PERIOD_MS, checkpoint },
    {
      store,
      peers: () => [{ id: 'peer', status: { height: theirs.length + 1, round: 0, base } }],
      light: async (_, height) => {
        asked.push(height);
        return theirs[height - 1]?.light;
      },
      verify: verifyAll,
      now: () => now,
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
    light: { ...light, commit: { ...light.commit, present: Uint8Array.of(0b11) } },
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

test('keys of validators that left long ago fork nothing', async () => {
  const left = keysOf('e', 'f', 'g', 'h');
  const keysAt = (height: number) => (height <= 5 ? left : four);
  const known = chainOf(40, keysAt);
  const forged = chainOf(40, () => left, known.slice(0, 2));
  const later = { known, keysAt, now: NOW + PERIOD_MS - 30_000 };
  assert.deepEqual((await lookAt(forged, later)).forks, []);
  const recent = chainOf(40, keysAt, known.slice(0, 30));
  assert.equal((await lookAt(recent, later)).forks[0]![0].height, 31);
  // While they answer for it, it is one.
  assert.equal((await lookAt(forged, { known, keysAt })).forks[0]![0].height, 3);
});

test('a fork at or below a checkpoint counts as little', async () => {
  const theirs = branchAt(16);
  assert.deepEqual((await lookAt(theirs, { checkpoint: 17 })).forks, []);
  assert.equal((await lookAt(theirs, { checkpoint: 16 })).forks.length, 1);
});

/** A watch over peers whose answers a test gives, with a clock that it moves on. */
function watchOver(answers: Record<string, (height: number) => Promise<Link['light'] | undefined>>) {
  mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  const asked: string[] = [];
  const forks: number[] = [];
  const store = new ChainStore(new MemoryStore());
  store.begin(sha256(utf8('state 0')), [setOf(four), setOf(four)]);
  for (const { block, light } of ours)
    store.append({ block, commit: light.commit, appHash: light.header.appHash, validators: setOf(four) });
  const here = new Set(Object.keys(answers));
  const watch = new ForkWatch(
    { chainId: CHAIN_ID, trustingPeriodMs: PERIOD_MS },
    {
      store,
      peers: () => [...here].map((id) => ({ id, status: { height: 41, round: 0, base: 1 } })),
      light: (peer, height) => {
        asked.push(peer);
        return answers[peer]!(height);
      },
      verify: verifyAll,
      now: () => NOW,
      steady: () => now,
      log: createLog('silent'),
      onFork: ({ height }) => forks.push(height),
      ban: () => assert.fail('nobody lies'),
    },
  );
  watch.start();
  const pass = async (ms: number) => {
    for (const end = now + ms; now < end; ) {
      now += 500;
      mock.timers.tick(500);
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { watch, asked, forks, here, pass };
}

const answering = (links: readonly Link[]) => async (height: number) => links[height - 1]?.light;

test('a peer that never answers keeps no other from being compared', async () => {
  const silent = () => new Promise<undefined>(() => undefined);
  const { forks, asked, pass } = watchOver({ silent, branch: answering(branchAt(17)) });
  await pass(1_000);
  assert.deepEqual(forks, [18]);
  await pass(60_000);
  assert.equal(asked.filter((peer) => peer === 'silent').length, 1);
  mock.timers.reset();
});

test('a peer is asked until it answers, then from time to time, and at once when it comes again', async () => {
  let fails = 3;
  const same = answering(ours);
  const flaky = async (height: number) => {
    if (fails-- > 0) throw new Error('the stream has ended');
    return same(height);
  };
  const { asked, here, pass } = watchOver({ flaky });
  await pass(8_000);
  assert.equal(asked.length, 4);
  await pass(20_000);
  assert.equal(asked.length, 6);
  here.clear();
  await pass(500);
  here.add('flaky');
  await pass(500);
  assert.equal(asked.length, 7);
  mock.timers.reset();
});

test('an order to look again is not lost on a peer that is being compared', async () => {
  let answer: (link: undefined) => void = () => undefined;
  const slow = () =>
    new Promise<undefined>((resolve) => {
      answer = resolve;
    });
  const { watch, asked, pass } = watchOver({ slow });
  await pass(500);
  watch.lookAgain();
  answer(undefined);
  await pass(1_000);
  assert.equal(asked.length, 2);
  mock.timers.reset();
});

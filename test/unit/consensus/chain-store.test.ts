import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256, utf8 } from '#base';
import { everythingIn, MemoryStore } from '#store';
import { ChainStore } from '../../../src/consensus/chain-store.ts';
import { PREVOTE } from '../../../src/consensus/constants.ts';
import type { StepVotes } from '../../../src/consensus/vote-archive.ts';
import { chainOf, keysOf, setOf } from '../../support/consensus/headers.ts';

const four = keysOf('a', 'b', 'c', 'd');
const set = setOf(four);
const links = chainOf(12, () => four);
const state = (height: number) => sha256(utf8(`state ${height}`));

function filled(height: number): ChainStore {
  const store = new ChainStore(new MemoryStore());
  store.begin(state(0), [set, set]);
  for (const { block, light } of links.slice(0, height))
    store.append({ block, commit: light.commit, appHash: state(block.header.height), validators: set });
  return store;
}

test('a store without a beginning, and one with nothing but it', () => {
  const store = new ChainStore(new MemoryStore());
  assert.equal(store.height, -1);
  store.begin(state(0), [set, set]);
  assert.equal(store.height, 0);
  assert.equal(store.base, 1);
  assert.deepEqual(store.appHash(0), state(0));
  assert.deepEqual(store.validators(2)!.hash, set.hash);
});

test('blocks come back as they went in, in their order only', () => {
  const store = filled(5);
  assert.equal(store.height, 5);
  for (const { block, light } of links.slice(0, 5)) {
    const { height } = block.header;
    assert.deepEqual(store.block(height)!.header, block.header);
    assert.deepEqual(store.commit(height), light.commit);
    assert.deepEqual(store.summary(height)!.id, light.commit.block);
    assert.deepEqual(store.appHash(height), state(height));
  }
  const { block, light } = links[6]!;
  const gap = { block, commit: light.commit, appHash: state(7), validators: set };
  assert.throws(() => store.append(gap), { code: 'HEIGHT_WRONG' });
});

test('first and last height are read from the store once after each write, however often they are asked for', () => {
  let reads = 0;
  const store = new (class extends MemoryStore {
    override *range(range: Parameters<MemoryStore['range']>[0]) {
      reads++;
      yield* super.range(range);
    }
  })();
  const chain = new ChainStore(store);
  chain.begin(state(0), [set, set]);
  const ask = () => {
    const before = reads;
    for (let i = 0; i < 1_000; i++) void [chain.height, chain.base];
    return reads - before;
  };
  assert.ok(ask() <= 2);
  const { block, light } = links[0]!;
  chain.append({ block, commit: light.commit, appHash: state(1), validators: set });
  assert.ok(ask() <= 2);
  assert.deepEqual([chain.height, chain.base], [1, 1]);
});

test('pruned blocks are gone, the rest stays', () => {
  const store = filled(12);
  store.prune(9);
  assert.equal(store.base, 9);
  assert.equal(store.height, 12);
  assert.equal(store.block(8), undefined);
  assert.ok(store.block(9));
});

test('a beginning after a snapshot has no blocks below it, and an older content is dropped', () => {
  const store = filled(3);
  const { light } = links[7]!;
  const summary = {
    header: light.header,
    round: 0,
    transactions: 0,
    bytes: 0,
    appHash: state(8),
    id: light.commit.block,
  };
  store.beginAfter(summary, light.commit, [set, set, set]);
  assert.equal(store.height, 8);
  assert.equal(store.base, 9);
  assert.equal(store.block(2), undefined);
  const next = links[8]!;
  store.append({ block: next.block, commit: next.light.commit, appHash: state(9), validators: set });
  assert.equal(store.height, 9);
});

test('members are kept once for all heights, as long as one needs them', () => {
  const five = keysOf('a', 'b', 'c', 'd', 'e');
  const keysAt = (height: number) => (height < 6 ? four : five);
  const store = new ChainStore(new MemoryStore());
  store.begin(state(0), [setOf(four), setOf(four)]);
  for (const { block, light } of chainOf(12, keysAt)) {
    const validators = setOf(keysAt(block.header.height + 2));
    store.append({ block, commit: light.commit, appHash: state(block.header.height), validators });
  }
  for (const height of [1, 5, 6, 14])
    assert.deepEqual(store.validators(height)!.hash, setOf(keysAt(height)).hash);
  const [before, after] = [setOf(four).membersHash, setOf(five).membersHash];
  store.prune(6);
  assert.deepEqual(store.members(before), undefined);
  assert.equal(store.members(after)!.length, 5);
  assert.deepEqual(store.validators(13)!.hash, setOf(five).hash);
});

test('every set comes back, of turns and of changes, whatever was pruned', () => {
  const store = new ChainStore(new MemoryStore());
  const sets = [set, set.next()];
  store.begin(state(0), [sets[0]!, sets[1]!]);
  const links = chainOf(40, () => four);
  for (const { block, light } of links) {
    const { height } = block.header;
    const changes = height % 7 === 0 ? [{ key: four[0]!.publicKey, power: 10 + height }] : [];
    sets.push(sets.at(-1)!.next(changes));
    store.append({ block, commit: light.commit, appHash: state(height), validators: sets.at(-1)! });
    if (height % 3 === 0) store.prune(height - 10);
    for (let of = store.base; of <= height + 2; of++)
      assert.deepEqual(store.validators(of)?.hash, sets[of - 1]!.hash, `${of} at ${height}`);
    assert.equal(store.validators(height + 3), undefined);
    assert.ok(store.members(sets[height + 1]!.membersHash));
  }
  assert.equal(store.members(set.membersHash), undefined, 'members that no height needs are gone');
});

/** Any votes: the store looks at none of them. */
const votesOf = (height: number, rounds = 1): StepVotes[] =>
  Array.from({ length: rounds }, (_, round) => {
    const bytes = sha256(utf8(`${height}/${round}`));
    return {
      round,
      kind: PREVOTE,
      groups: [{ block: bytes, voters: Uint8Array.of(1), nonces: [bytes], scalar: bytes }],
    };
  });

/** A chain that archives votes of the height before with each block, and those of the last `keep` heights stay. */
function archiving(keep: number, { rounds = 1, heights = 12 } = {}) {
  const memory = new MemoryStore();
  const store = new ChainStore(memory);
  store.begin(state(0), [set, set]);
  const sizes: number[] = [];
  const { block, light } = links[0]!;
  for (let height = 1; height <= heights; height++) {
    store.append({
      block: { ...block, header: { ...block.header, height } },
      commit: light.commit,
      appHash: state(height),
      validators: set,
      votesBefore: height > 1 ? votesOf(height - 1, rounds) : [],
      votesFrom: height - keep,
    });
    sizes.push([...everythingIn(memory)].filter(({ key }) => key[0] === 8).length);
  }
  return { store, sizes };
}
const archived = (store: ChainStore, height: number, round = 0) =>
  store.votes({ height, round, kind: PREVOTE }).length;

test('votes of a step come back while they are needed', () => {
  const { store } = archiving(5);
  for (let height = 1; height <= 12; height++)
    assert.equal(archived(store, height), height >= 7 && height < 12 ? 1 : 0, `${height}`);
  assert.deepEqual(store.votes({ height: 9, round: 0, kind: PREVOTE }), votesOf(9)[0]!.groups);
  assert.deepEqual(store.votes({ height: 9, round: 1, kind: PREVOTE }), []);
});

test('the archive does not grow once votes are as old as they get, however many rounds a height has', () => {
  const { sizes } = archiving(20, { rounds: 3, heights: 90 });
  assert.deepEqual(new Set(sizes.slice(20)), new Set([60]));
});

test('votes go with their blocks, and with an older chain', () => {
  const { store } = archiving(100);
  store.prune(9);
  assert.deepEqual(
    [7, 8, 9, 10].map((height) => archived(store, height)),
    [0, 0, 1, 1],
  );
  store.begin(state(0), [set, set]);
  assert.equal(archived(store, 10), 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '#ledger';
import { everythingIn, MemoryStore } from '#store';
import { BEACON_BYTES } from '../../../src/consensus/application/beacon.ts';
import { encodeBlock, makeBlock, ValidatorSet } from '../../../src/consensus/blocks/index.ts';
import { ChainStore } from '../../../src/consensus/chain-store.ts';
import { NIL } from '../../../src/consensus/constants.ts';
import { lightBlockCodec, lightMessageOf } from '../../../src/consensus/sync/messages.ts';
import { lightBlockOf } from '../../../src/consensus/sync/server.ts';
import { CHAIN_ID, commitOf, FIRST_TIME, keysOf } from '../../support/consensus/headers.ts';

const keys = keysOf(...Array.from({ length: 100 }, (_, i) => `validator ${i}`));
const BLOCKS = 16;
const SPAN = 8;

/** A chain of empty blocks that all of a hundred validators sign, as a node keeps it. */
function chain(powerOf: (i: number) => number) {
  const memory = new MemoryStore();
  const store = new ChainStore(memory);
  const first = ValidatorSet.of(keys.map(({ publicKey }, i) => ({ key: publicKey, power: powerOf(i) })));
  const sets = [first, first.next()];
  const state = new Uint8Array(32);
  store.begin(state, [sets[0]!, sets[1]!]);
  const held: number[] = [];
  let last: { commit: ReturnType<typeof commitOf>; bytes: number } | undefined;
  for (let height = 1; height <= BLOCKS; height++) {
    const [validators, nextValidators] = [sets[height - 1]!, sets[height]!];
    sets.push(nextValidators.next());
    const block = makeBlock({
      chainId: CHAIN_ID,
      height,
      time: FIRST_TIME + 2_000 * height,
      previous: last?.commit.block ?? NIL,
      lastCommit: last?.commit,
      transactions: [new Uint8Array(BEACON_BYTES)],
      validators: validators.hash,
      nextValidators: nextValidators.hash,
      appHash: state,
      proposer: validators.proposer(0).key,
    });
    const bytes = encodeBlock(block).length;
    last = { commit: commitOf(block, validators, keys), bytes };
    store.append({ block, commit: last.commit, appHash: state, validators: sets[height + 1]! });
    held.push([...everythingIn(memory)].reduce((sum, { key, value }) => sum + key.length + value!.length, 0));
  }
  return { store, held, bytes: last!.bytes };
}

const SETS = {
  'of one power': () => 1_000_000,
  'of different powers': (i: number) => 1_000_000 + 7_919 * i,
  'a fifth of which have most of it': (i: number) => (i % 5 === 0 ? 8_000_000 : 1_000_000),
};

for (const [which, powerOf] of Object.entries(SETS)) {
  test(`an empty block of a hundred validators ${which} takes less than 3 KB, kept as well as gossiped`, () => {
    const { store, held, bytes } = chain(powerOf);
    // Not every block has as much of its own: so many take what they take on average.
    const perBlock = (held.at(-1)! - held.at(-1 - SPAN)!) / SPAN;
    const light = encode(lightBlockCodec, lightMessageOf(lightBlockOf(store, BLOCKS))!).length;
    assert.ok(perBlock <= 3_072, `a block takes ${perBlock} bytes in the store`);
    assert.ok(bytes <= 2_600, `the block has ${bytes} bytes`);
    // With whose turn it is at two heights.
    assert.ok(light <= 3_400, `a light block has ${light} bytes`);
  });
}

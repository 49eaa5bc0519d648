import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Entry, MemoryStore, type Store } from '#store';
import { Ledger } from '../../../src/ledger/ledger.ts';
import { StateBuilder, stateRecords } from '../../../src/ledger/state/restore.ts';
import {
  curve,
  dice,
  genesisOf,
  growTo,
  trustingLedger,
  trustingSpends,
} from '../../support/ledger/chain.ts';
import { RandomBlocks } from '../../support/ledger/random-blocks.ts';

function grown(seed: string, blocks: number): { ledger: Ledger; store: MemoryStore; chain: RandomBlocks } {
  const store = new MemoryStore();
  const ledger = trustingLedger(genesisOf(), store);
  growTo(ledger, 1);
  const chain = new RandomBlocks(ledger, seed, 6);
  for (let i = 0; i < blocks; i++) chain.grow();
  return { ledger, store, chain };
}

const everything = (store: Store): Entry[] => [
  ...store.range({ from: Uint8Array.of(0), to: Uint8Array.of(255) }),
];

test('a state that is built out of its records is the same in every byte, in pieces of any size', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 40 }),
      (seed, blocks, piece) => {
        const { ledger, store } = grown(`${seed}`, blocks);
        const records = [...stateRecords(store)];
        const copy = new MemoryStore();
        const builder = new StateBuilder(copy);
        for (let at = 0; at < records.length; at += piece) builder.add(records.slice(at, at + piece));
        assert.deepEqual(builder.finish(ledger.head.height), ledger.head.appHash);
        assert.deepEqual(everything(copy), everything(store));
        Ledger.open({ store: copy, curve, spends: trustingSpends });
      },
    ),
    { numRuns: 15 },
  );
});

test('a record that is changed, left out or put in is refused, or changes the app hash', () => {
  const { ledger, store } = grown('hostile', 60);
  const records = [...stateRecords(store)];
  fc.assert(
    fc.property(
      fc.integer({ min: 0 }),
      fc.constantFrom('flip', 'drop', 'twice', 'swap', 'key'),
      (seed, how) => {
        const draw = dice(`${seed}`);
        const at = draw(records.length);
        const bent = records.map(({ key, value }) => ({ key: key.slice(), value: value.slice() }));
        const { key, value } = bent[at]!;
        const flip = (bytes: Uint8Array) => (bytes[draw(bytes.length)]! ^= 1 << draw(8));
        if (how === 'drop') bent.splice(at, 1);
        else if (how === 'twice') bent.splice(at, 0, { key, value: value.slice() });
        else if (how === 'swap')
          [bent[at], bent[(at + 1) % bent.length]] = [bent[(at + 1) % bent.length]!, bent[at]!];
        else flip(how === 'flip' && value.length > 0 ? value : key);
        const builder = new StateBuilder(new MemoryStore());
        let appHash: Uint8Array | undefined;
        try {
          builder.add(bent);
          appHash = builder.finish(ledger.head.height);
        } catch (error) {
          assert.equal((error as { code: string }).code, 'SNAPSHOT_INVALID');
          return;
        }
        const same = Buffer.compare(appHash, ledger.head.appHash) === 0;
        // Accounts twice, or in another order, are the same accounts: whoever reads chunks refuses them by their order.
        assert.equal(same, how === 'twice' || how === 'swap', `${how} at ${at}`);
      },
    ),
    { numRuns: 200 },
  );
});

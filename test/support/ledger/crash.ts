import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '#base';
import { type Change, MemoryStore, openLmdbStore, type ReadView, type Store } from '#store';
import { Ledger } from '../../../src/ledger/ledger.ts';
import { curve, genesisOf, growTo, trustingSpends } from './chain.ts';
import { RandomBlocks } from './random-blocks.ts';

export const OPTIONS = { curve, spends: trustingSpends };
export const MAP_BYTES = 2 ** 28;
/** Commits the block of `interrupted` to a copy of its file: see there. */
export const WRITER = join(import.meta.dirname, 'crash-writer.ts');

/** Every key and value, as one text. */
export const contentOf = (store: ReadView): string =>
  [...store.range({ from: Uint8Array.of(0), to: Uint8Array.of(255) })]
    .map(({ key, value }) => `${toHex(key)}=${toHex(value)}`)
    .join('\n');

/** Applies and commits the block that is interrupted: up to twelve transactions. */
export function commitBlock(store: Store): void {
  new RandomBlocks(Ledger.open({ store, ...OPTIONS }), 'crash', 12, 12).grow();
}

/** A block commit to interrupt: a chain on disk at height 4, and what the block makes of it. */
export interface Interrupted {
  readonly directory: string;
  readonly path: string;
  readonly before: string;
  readonly after: string;
  readonly changes: readonly Change[];
}

export async function interrupted(): Promise<Interrupted> {
  const directory = await mkdtemp(join(tmpdir(), 'bitorch-crash-'));
  const path = join(directory, 'state.mdb');
  const store = openLmdbStore(path, MAP_BYTES);
  const ledger = Ledger.create(genesisOf(), { store, ...OPTIONS });
  growTo(ledger, 4);
  const before = contentOf(store);
  const shadow = new MemoryStore();
  shadow.commit([...store.range({ from: Uint8Array.of(0), to: Uint8Array.of(255) })]);
  const changes: Change[] = [];
  const recording = new Proxy(shadow, {
    get: (target, name) =>
      name === 'commit'
        ? (written: Iterable<Change>) => {
            changes.push(...written);
            target.commit(changes);
          }
        : Reflect.get(target, name).bind(target),
  });
  commitBlock(recording);
  await store.close();
  return { directory, path, before, after: contentOf(shadow), changes };
}

/**
 * Opens the ledger in a file, and kills itself with SIGKILL while it commits the next block: before write number
 * `argv[3]`, or, for the number of writes, after the commit has returned.
 */
import { type Change, openLmdbStore, type Store } from '#store';
import { commitBlock } from './crash.ts';

const [path, writes] = [process.argv[2]!, Number(process.argv[3])];
const die = () => process.kill(process.pid, 'SIGKILL');

function* dyingAt(changes: Iterable<Change>, write: number): Iterable<Change> {
  let count = 0;
  for (const change of changes) {
    if (count++ === write) die();
    yield change;
  }
}

const store = openLmdbStore(path, 2 ** 28);
const dying: Store = {
  get: (key) => store.get(key),
  range: (range) => store.range(range),
  snapshot: () => store.snapshot(),
  close: () => store.close(),
  commit: (changes) => {
    store.commit(dyingAt(changes, writes));
    die();
  },
};
commitBlock(dying);

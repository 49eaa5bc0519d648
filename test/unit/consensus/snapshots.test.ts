import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Application } from '#consensus';
import { everythingIn, MemoryStore, type Store } from '#store';
import type { StateSnapshot } from '../../../src/consensus/application/application.ts';
import {
  chunkHash,
  chunksOf,
  describeSnapshot,
  encodeRecords,
  recordsIn,
} from '../../../src/consensus/application/snapshots/chunks.ts';
import { SnapshotFolder } from '../../../src/consensus/application/snapshots/snapshot-folder.ts';
import { founders, grow, TestChain } from '../../support/consensus/application.ts';
import { deterministic, transactionOf } from '../../support/ledger/chain.ts';

const random = deterministic('snapshots');
let directory: string;
let source: TestChain;
let snapshots: SnapshotFolder;
let snapshot: StateSnapshot;
let chunks: Uint8Array[];
let appHash: Uint8Array;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'snapshots-'));
  snapshots = new SnapshotFolder({ directory, everyBlocks: 3, keep: 2 });
  source = await TestChain.begun(founders[0], { snapshots });
  while ((await source.application.info()).height < 12) {
    const ripe = (await source.application.info()).height >= 4;
    await grow(source, ripe ? [transactionOf(source.ledger, random, { inputs: 2 }).bytes] : []);
    await snapshots.settled();
  }
  snapshot = (await source.application.listSnapshots())[0]!;
  appHash = (await source.application.info()).appHash;
  const asked = Array.from({ length: snapshot.chunks }, (_, chunk) => ({ height: 12, format: 1, chunk }));
  chunks = (await Promise.all(asked.map((one) => source.application.loadSnapshotChunk(one)))) as Uint8Array[];
});
after(() => rm(directory, { recursive: true, force: true }));

/** An empty application whose staging stores can be looked at. */
function newcomer() {
  const staged: Store[] = [];
  let discarded = 0;
  const stage = async () => {
    const store = new MemoryStore();
    staged.push(store);
    const discard = async () => {
      discarded++;
      await store.close();
    };
    return { store, discard };
  };
  const chain = new TestChain(founders[1], { stage });
  return {
    ...chain,
    application: chain.application,
    store: chain.store,
    left: () => staged.length - discarded,
  };
}

const apply = (application: Application, index: number, chunk: Uint8Array) =>
  application.applySnapshotChunk({ index, chunk, sender: 'someone' });

/** What is offered with other chunks: hashes and all are right, only the state is another. */
async function offerBent(bent: readonly Uint8Array[]) {
  const one = newcomer();
  const lie = describeSnapshot(12, bent.map(chunkHash));
  assert.equal(await one.application.offerSnapshot({ snapshot: lie, appHash }), 'accept');
  let result = '';
  for (const [index, chunk] of bent.entries()) {
    ({ result } = await apply(one.application, index, chunk));
    if (result !== 'accept') break;
  }
  return { one, result };
}

describe('snapshots', () => {
  test('the newest two are kept, whole ones only, and nothing else is handed out', async () => {
    assert.deepEqual((await readdir(directory)).sort(), ['12', '9']);
    assert.deepEqual(
      (await source.application.listSnapshots()).map(({ height }) => height),
      [12, 9],
    );
    for (const [height, format, chunk] of [
      [12, 2, 0],
      [11, 1, 0],
      [12, 1, snapshot.chunks],
      [12, 1, -1],
      [12, 1, 0.5],
    ] as const) {
      assert.equal(await source.application.loadSnapshotChunk({ height, format, chunk }), undefined);
    }
  });

  test('a newcomer has the same state byte for byte, and goes on from there', async () => {
    const one = newcomer();
    assert.equal(await one.application.offerSnapshot({ snapshot, appHash }), 'accept');
    for (const [index, chunk] of chunks.entries()) {
      assert.deepEqual(await one.application.info(), { height: 0, appHash: new Uint8Array(0) });
      assert.equal((await apply(one.application, index, chunk)).result, 'accept');
    }
    assert.deepEqual(await one.application.info(), { height: 12, appHash });
    assert.deepEqual([...everythingIn(one.store)], [...everythingIn(source.store)]);
    assert.equal(one.left(), 0);
    const { block, result } = await grow(source);
    assert.ok(await one.application.processProposal(block));
    const same = await one.application.finalizeBlock(block);
    assert.deepEqual(same, result);
    assert.equal(await one.application.offerSnapshot({ snapshot, appHash }), 'abort');
    assert.equal((await apply(one.application, 0, chunks[0]!)).result, 'abort');
  });

  test('a chunk that is not the one described is asked for again, from somebody else', async () => {
    const one = newcomer();
    await one.application.offerSnapshot({ snapshot, appHash });
    const bent = chunks[0]!.slice();
    bent[100]! ^= 1;
    assert.deepEqual(await apply(one.application, 0, bent), { result: 'retry', rejectSenders: ['someone'] });
    assert.equal((await apply(one.application, 0, chunks[0]!)).result, 'accept');
  });

  test('an offer that is not one is refused before anything is staged', async () => {
    const one = newcomer();
    const offer = async (change: object) =>
      one.application.offerSnapshot({ snapshot: { ...snapshot, ...change }, appHash });
    assert.equal(await offer({ format: 2 }), 'reject-format');
    assert.equal(await offer({ chunks: snapshot.chunks + 1 }), 'reject');
    assert.equal(await offer({ hash: new Uint8Array(32) }), 'reject');
    assert.equal(await offer({ metadata: new Uint8Array(0) }), 'reject');
    assert.equal(await offer({ metadata: snapshot.metadata.subarray(1) }), 'reject');
    assert.equal(one.left(), 0);
  });

  test('a state with another app hash is refused and leaves nothing, whatever was done to it', async () => {
    const [first] = [...chunksOf(source.store)].map(recordsIn);
    assert.ok(first);
    const bend = (change: (records: { key: Uint8Array; value: Uint8Array }[]) => void) => {
      const records = first.map(({ key, value }) => ({ key: key.slice(), value: value.slice() }));
      change(records);
      return [encodeRecords(records)];
    };
    const at = (tag: number) => first.findIndex(({ key }) => key[0] === tag);
    const lies: Record<string, Uint8Array[]> = {
      'a changed output': bend((records) => (records[0]!.value[3]! ^= 1)),
      'a spend left out': bend((records) => records.splice(at(10), 1)),
      'the last spend left out': bend((records) => records.splice(at(64) - 1, 1)),
      'a changed height of a spend': bend((records) => (records[at(10)]!.value[32]! ^= 1)),
      'another seed': bend((records) => (records[at(64)]!.value[200]! ^= 1)),
      'no record of the chain': bend((records) => records.splice(at(64), 1)),
      'a second record of the chain': bend((records) =>
        records.splice(at(64) + 1, 0, { key: Uint8Array.of(64, 1), value: records[at(64)]!.value }),
      ),
      'records in another order': bend((records) => records.reverse()),
      'a record of no kind': bend((records) =>
        records.splice(at(10), 0, { key: Uint8Array.of(9), value: new Uint8Array(1) }),
      ),
      'an unknown account': bend((records) =>
        records.push({ key: Uint8Array.of(0xfe), value: new Uint8Array(1) }),
      ),
      nonsense: [new Uint8Array(100).fill(7)],
    };
    for (const [what, bent] of Object.entries(lies)) {
      const { one, result } = await offerBent(bent);
      assert.equal(result, 'reject-snapshot', what);
      assert.deepEqual([...everythingIn(one.store)], [], what);
      assert.equal(one.left(), 0, what);
      assert.deepEqual(await one.application.info(), { height: 0, appHash: new Uint8Array(0) });
    }
  });

  test('an offer in the middle of another drops that', async () => {
    const one = newcomer();
    await one.application.offerSnapshot({ snapshot, appHash });
    await one.application.offerSnapshot({ snapshot, appHash });
    assert.equal(one.left(), 1);
    await one.application.offerSnapshot({ snapshot: { ...snapshot, format: 3 }, appHash });
    assert.equal(one.left(), 0);
    assert.equal((await apply(one.application, 0, chunks[0]!)).result, 'abort');
  });
});

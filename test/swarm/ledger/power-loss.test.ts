/**
 * The power fails while a block is committed: what was written but not yet made to stay may be lost, whole or in
 * pages, in any order. strace tells what the writer did; files as a disk could hold them are put together from that.
 */
import assert from 'node:assert/strict';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLmdbStore } from '#store';
import { dice } from '../../support/ledger/chain.ts';
import { contentOf, interrupted, MAP_BYTES, WRITER } from '../../support/ledger/crash.ts';
import { canTrace, type FileEvent, fileEvents, traceWrites } from '../../support/ledger/file-writes.ts';

const PAGE = 4_096;
const skip = canTrace() ? false : 'skipped: strace is not installed, or may not trace here';

interface Piece {
  readonly from: number;
  readonly to: number;
}

/** A write in the pieces that a disk keeps or loses. */
function pages({ from, to }: Piece): Piece[] {
  const pieces: Piece[] = [];
  for (let at = from; at < to; at = Math.min(to, (Math.floor(at / PAGE) + 1) * PAGE)) {
    pieces.push({ from: at, to: Math.min(to, (Math.floor(at / PAGE) + 1) * PAGE) });
  }
  return pieces;
}

/** After the first `count` events: what the disk has for sure, and what it may have. */
function surviving(events: readonly FileEvent[], count: number): { sure: Piece[]; unsure: Piece[] } {
  let sure: Piece[] = [];
  let unsure: Piece[] = [];
  for (const event of events.slice(0, count)) {
    if (event.kind === 'sync') [sure, unsure] = [[...sure, ...unsure], []];
    else if (event.through) sure = [...sure, ...pages(event)];
    else unsure = [...unsure, ...pages(event)];
  }
  return { sure, unsure };
}

test('at any moment of a commit the disk holds the old state or the new one, the new one once it has returned', {
  skip,
}, async () => {
  const { directory, path, before, after, changes } = await interrupted();
  const written = join(directory, 'written.mdb');
  await copyFile(path, written);
  const log = join(directory, 'strace.log');
  traceWrites([process.execPath, WRITER, written, `${changes.length}`], log);
  const events = fileEvents(await readFile(log, 'utf8'), written);
  const [old, made] = [await readFile(path), await readFile(written)];
  const writes = events.filter((event) => event.kind === 'write');
  assert.ok(writes.length >= 2 && events.some(({ kind }) => kind === 'sync'), JSON.stringify(events));
  for (const [i, write] of writes.entries()) {
    const clear = writes.slice(i + 1).every((other) => other.to <= write.from || other.from >= write.to);
    assert.ok(clear, 'no place is written twice, so what was written is what the file has in the end');
  }

  const roll = dice('power loss');
  const seen = { old: 0, new: 0 };
  const lost = join(directory, 'lost.mdb');
  const check = async (kept: readonly Piece[], done: boolean) => {
    const bytes = Buffer.alloc(Math.max(old.length, ...kept.map(({ to }) => to)));
    old.copy(bytes);
    for (const { from, to } of kept) made.copy(bytes, from, from, to);
    await writeFile(lost, bytes);
    const store = openLmdbStore(lost, MAP_BYTES);
    const content = contentOf(store);
    await store.close();
    assert.ok(content === after || (content === before && !done), `${kept.length} pieces kept`);
    seen[content === after ? 'new' : 'old']++;
  };
  for (let count = 0; count <= events.length; count++) {
    const { sure, unsure } = surviving(events, count);
    const done = count === events.length;
    await check(sure, done);
    await check([...sure, ...unsure], done);
    for (let draw = 0; unsure.length > 0 && draw < 12; draw++) {
      await check([...sure, ...unsure.filter(() => roll(2) === 1)], done);
    }
  }
  assert.ok(seen.old > 10 && seen.new > 0, JSON.stringify(seen));
  await rm(directory, { recursive: true });
});

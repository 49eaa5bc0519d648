import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PieceMemory } from '../../../src/distribution/swarm/piece-memory.ts';
import { PiecePool } from '../../../src/distribution/swarm/piece-pool.ts';
import { RecentPieces } from '../../../src/distribution/swarm/recent-pieces.ts';

const PIECE_BYTES = 1024;

test('the pieces that came last are kept, as many as there is memory for, and the others go back to their pool', () => {
  const pool = new PiecePool(PIECE_BYTES, new PieceMemory({ freeBytes: 100 * PIECE_BYTES }));
  const recent = new RecentPieces(3 * PIECE_BYTES);
  const memory = new Set<ArrayBufferLike>();
  for (let index = 0; index < 50; index++) {
    const piece = pool.take(PIECE_BYTES);
    memory.add(piece.bytes.buffer);
    piece.bytes.fill(index);
    recent.put(index, piece);
    piece.release();
  }
  assert.deepEqual(
    [46, 47, 48, 49].map((index) => recent.get(index)?.[0]),
    [undefined, 47, 48, 49],
  );
  assert.equal(memory.size, 4, 'three that are kept and the one that comes');
});

test('a piece larger than all the memory is not kept', () => {
  const recent = new RecentPieces(PIECE_BYTES);
  const piece = new PiecePool(2 * PIECE_BYTES, new PieceMemory({ freeBytes: 0 })).take(2 * PIECE_BYTES);
  recent.put(7, piece);
  assert.equal(recent.get(7), undefined);
});

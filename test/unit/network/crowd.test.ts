import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  excessConnections,
  type LimitedConnection,
  MAX_CONNECTIONS,
} from '../../../src/network/connection-limits.ts';

const place = (peer: string, origin: string, openedAt: number, streams = 2): LimitedConnection => ({
  peer,
  origin,
  openedAt,
  streams,
});
const many = (count: number, make: (i: number) => LimitedConnection) =>
  Array.from({ length: count }, (_, i) => make(i));

test('within the limits everybody stays', () => {
  assert.deepEqual(excessConnections(many(MAX_CONNECTIONS, (i) => place(`p${i}`, `o${i}`, i))), []);
});

test('a peer and an address keep their most used connections, and the oldest of those used alike', () => {
  const used = place('p', 'o', 9, 7);
  const ofPeer = [...many(6, (i) => place('p', 'o', i)), used];
  assert.deepEqual(
    excessConnections(ofPeer).map(({ openedAt }) => openedAt),
    [5, 4, 3],
  );
  const ofAddress = many(70, (i) => place(`p${i}`, 'o', i, i === 69 ? 3 : 2));
  assert.deepEqual(
    excessConnections(ofAddress).map(({ openedAt }) => openedAt),
    [68, 67, 66, 65, 64, 63],
  );
});

test('when there are too many, those leave who share an address with the most others', () => {
  const honest = many(200, (i) => place(`honest ${i}`, `address ${i}`, 1_000 + i, 0));
  const crowd = many(300, (i) => place(`idle ${i}`, `farm ${i % 10}`, i));
  const left = excessConnections([...honest, ...crowd]);
  assert.equal(honest.length + crowd.length - left.length, MAX_CONNECTIONS);
  assert.ok(left.every(({ peer }) => peer.startsWith('idle')));
});

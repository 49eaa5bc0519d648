import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gossipMessageId } from '../../../src/network/gossip-options.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const message = {
  topic: 'topic',
  from: bytes(1, 2),
  seqno: bytes(3),
  signature: bytes(4, 5),
  key: bytes(6),
  data: bytes(7, 8, 9),
};

test('the same message has the same name, and one that differs anywhere has another', () => {
  assert.equal(gossipMessageId({ ...message }), gossipMessageId(message));
  const others = [
    { ...message, topic: 'topi' },
    { ...message, from: bytes(1) },
    { ...message, seqno: bytes(2) },
    { ...message, signature: bytes(4, 6) },
    { ...message, key: bytes() },
    { ...message, data: bytes(7, 8) },
  ];
  const names = new Set([message, ...others].map(gossipMessageId));
  assert.equal(names.size, others.length + 1);
});

test('bytes that move from one field to the next make another name, and so does a field that is not there', () => {
  const { key: _, ...without } = message;
  const moved = [
    message,
    without,
    { ...message, key: bytes() },
    { ...message, from: bytes(1), seqno: bytes(2, 3) },
    { ...message, from: bytes(1, 2, 3), seqno: bytes() },
    { ...message, signature: bytes(4), key: bytes(5, 6) },
    { ...message, key: bytes(6, 7), data: bytes(8, 9) },
  ];
  assert.equal(new Set(moved.map(gossipMessageId)).size, moved.length);
});

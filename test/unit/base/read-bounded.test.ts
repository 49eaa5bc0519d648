import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readBounded } from '#base';

test('a stream is collected up to the bound, and not read beyond it', async () => {
  let read = 0;
  async function* stream() {
    for (; read < 10; read++) yield new Uint8Array(4).fill(read);
  }
  const tooLong = () => new Error('too long');
  await assert.rejects(readBounded(stream(), 11, tooLong), { message: 'too long' });
  assert.equal(read, 2, 'the third part exceeds the bound');
  read = 8;
  assert.deepEqual(await readBounded(stream(), 8, tooLong), Uint8Array.of(8, 8, 8, 8, 9, 9, 9, 9));
});

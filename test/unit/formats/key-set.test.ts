import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '#base';
import { parseJson } from '#formats';
import { KeySet } from '../../../src/formats/key-set.ts';

/** Counts around which tables grow. */
const EDGES = Array.from({ length: 17 }, (_, n) => 2 ** n).flatMap((power) => [power - 1, power, power + 1]);

/** Names that no two numbers share, none longer than it must be. */
const shortest = (n: number): string => String.fromCharCode(...digits(n));
const digits = (n: number): number[] =>
  n < 0x8000 ? [0x100 + n] : [...digits(Math.floor(n / 0x8000) - 1), 0x100 + (n % 0x8000)];

test('keys of any number and length are told apart', () => {
  const lengths: ((n: number) => string)[] = [shortest, (n) => `key ${n}`, (n) => `${n}`.padEnd(70, '.')];
  for (const count of EDGES)
    for (const name of lengths) {
      const keys = new KeySet();
      for (let n = 0; n < count; n++) assert.ok(keys.add(name(n)), `${name(n)} of ${count}`);
      assert.equal(keys.size, count);
      for (let n = 0; n < count; n += 97) assert.ok(!keys.add(name(n)), `${name(n)} again, of ${count}`);
      assert.equal(keys.size, count);
    }
});

test('a vocabulary of single characters is read', () => {
  const vocabulary = Object.fromEntries(Array.from({ length: 21_128 }, (_, n) => [shortest(n), n]));
  assert.deepEqual(parseJson(utf8(JSON.stringify({ model: { vocab: vocabulary } })), 'tokenizer.json'), {
    model: { vocab: vocabulary },
  });
});

/** The second half of a key's fingerprint, by which its place is chosen. */
function lowHalf(text: string): number {
  let hash = 0x85ebca6b;
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0xc2b2ae3d);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) | 1) >>> 0;
}

test('keys that were chosen to crowd into one place are told apart, at a bounded cost', () => {
  const crowding: string[] = [];
  for (let n = 0; crowding.length < 3000; n++) {
    const key = n.toString(36);
    if ((lowHalf(key) & 0x1fff) < 16) crowding.push(key);
  }
  const keys = new KeySet();
  for (let n = 0; n < 600; n++) keys.add(`honest ${n}`);
  for (const key of crowding) assert.ok(keys.add(key));
  for (const key of crowding) assert.ok(!keys.add(key));
  assert.ok(!keys.add('honest 17'));
  assert.equal(keys.size, 3600);
});

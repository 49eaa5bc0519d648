import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fromHex, toHex } from '#base';
import { defaultCurve } from '#crypto';
import { nobleCurve } from '../../support/crypto/noble/curve.ts';

/** Lines of Monero's own tests/crypto/tests.txt: `check_key KEY true|false` and `hash_to_ec KEY POINT`. */
const VECTORS = readFileSync(new URL('../monero/crypto-tests.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(' ') as [string, string, string]);

for (const curve of [defaultCurve(), nobleCurve]) {
  describe(`Monero's vectors on ${curve.implementation}`, () => {
    test('check_key', () => {
      const vectors = VECTORS.filter(([name]) => name === 'check_key');
      assert.equal(vectors.length, 186);
      for (const [, key, valid] of vectors) {
        assert.equal(curve.decode(fromHex(key)) !== undefined, valid === 'true', key);
      }
    });

    test('hash_to_ec', () => {
      const vectors = VECTORS.filter(([name]) => name === 'hash_to_ec');
      assert.equal(vectors.length, 128);
      for (const [, key, point] of vectors) {
        assert.equal(toHex(curve.encode(curve.hashToPoint(fromHex(key)))), point);
      }
    });
  });
}

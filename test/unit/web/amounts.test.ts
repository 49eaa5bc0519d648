import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sparksOf, torch } from '../../../web/format.ts';

test('amounts show every spark, and no more digits than they need', () => {
  assert.equal(torch('0'), '0 TORCH');
  assert.equal(torch('1'), '0.000000001 TORCH');
  assert.equal(torch('1234500000000'), '1,234.5 TORCH');
  assert.equal(torch((2n ** 64n - 1n).toString()), '18,446,744,073.709551615 TORCH');
});

test('what is typed becomes sparks, or is refused', () => {
  assert.equal(sparksOf('1.5'), '1500000000');
  assert.equal(sparksOf(' 7 '), '7000000000');
  assert.equal(sparksOf('0.000000001'), '1');
  for (const text of ['', '1,5', '1.0000000001', '-1', '1e9', '.5', 'x']) {
    assert.equal(sparksOf(text), undefined, text);
  }
});

test('an amount that is shown can be typed again', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 62n }), (sparks) => {
      const shown = torch(sparks.toString()).replace(' TORCH', '').replaceAll(',', '');
      assert.equal(sparksOf(shown), sparks.toString());
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAmount, parseAmount } from '../../../src/cli/wallet/amounts.ts';

test('amounts are read exactly, and nothing that is no amount', () => {
  assert.equal(parseAmount('12'), 12_000_000_000n);
  assert.equal(parseAmount('0.000000001'), 1n);
  for (const text of ['', '-1', '1,5', '1.', '.5', '1e3', ' 1', '0.0000000001', '1 TORCH', '0x10']) {
    assert.throws(() => parseAmount(text), { code: 'AMOUNT_INVALID' }, text);
  }
});

test('amounts are written exactly', () => {
  assert.equal(formatAmount(0n), '0 TORCH');
  assert.equal(formatAmount(-1_234_500_000_000n), '-1,234.5 TORCH');
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (sparks) => {
      const text = formatAmount(sparks).replace(' TORCH', '').replaceAll(',', '');
      assert.equal(parseAmount(text), sparks);
    }),
  );
});

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { fuzz, SCANNER, TARGETS } from '../../support/fuzz.ts';

const seed = Number(process.env.SEED ?? randomInt(2 ** 31));

for (const target of TARGETS) {
  test(`${target.name}: 10,000 hostile inputs (SEED=${seed})`, async () => {
    const { refused } = await fuzz(target, 10_000, seed);
    assert.ok(refused > 1000, `only ${refused} inputs were refused: the inputs are not hostile enough`);
  });
}

test(`the scanner never throws (SEED=${seed})`, async () => {
  assert.equal((await fuzz(SCANNER, 1000, seed)).refused, 0);
});

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { fuzz, SCANNER, TARGETS } from '../../support/fuzz/index.ts';

const INPUTS = 10_000;
const seed = Number(process.env.SEED ?? randomInt(2 ** 31));

for (const target of TARGETS) {
  test(`${target.name}: 10,000 hostile inputs (SEED=${seed})`, async () => {
    const { refused } = await fuzz(target, INPUTS, seed);
    const accepted = INPUTS - refused;
    assert.ok(refused > 1000, `only ${refused} inputs were refused: the inputs are not hostile enough`);
    assert.ok(accepted > 250, `only ${accepted} inputs were accepted: the inputs do not reach deep`);
  });
}

test(`the scanner never throws: 10,000 hostile inputs (SEED=${seed})`, async () => {
  assert.equal((await fuzz(SCANNER, INPUTS, seed)).refused, 0);
});

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { fuzz, SCANNER, TARGETS } from './index.ts';

const seed = Number(process.env.SEED ?? randomInt(2 ** 31));

/** Runs every parser and the scanner on `inputs` hostile inputs: at least a tenth refused, at least a fortieth accepted. */
export function fuzzTests(inputs: number): void {
  for (const target of TARGETS) {
    test(`${target.name}: ${inputs} hostile inputs (SEED=${seed})`, async () => {
      const { refused } = await fuzz(target, inputs, seed);
      const accepted = inputs - refused;
      assert.ok(refused > inputs / 10, `only ${refused} were refused: the inputs are not hostile enough`);
      assert.ok(accepted > inputs / 40, `only ${accepted} were accepted: the inputs do not reach deep`);
    });
  }
  test(`the scanner never throws: ${inputs} hostile inputs (SEED=${seed})`, async () => {
    assert.equal((await fuzz(SCANNER, inputs, seed)).refused, 0);
  });
}

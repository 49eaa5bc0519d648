import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SoloHeuristic } from '../../../src/execution/engine/solo-heuristic.ts';

/** How many of the next jobs are done alone, each in `alone`, before one is done together. */
function stretch(company: SoloHeuristic, alone: number): number {
  let jobs = 0;
  for (; !company.wanted; jobs++) company.took(alone);
  return jobs;
}

test('company is kept as long as it is faster', () => {
  const company = new SoloHeuristic();
  for (const time of [1, 1.1, 0.9, 1.7]) {
    assert.equal(company.wanted, true);
    company.took(time);
  }
  company.took(9);
  assert.equal(stretch(company, 2), 1, 'once slow: one job alone shows what that takes');
  for (const time of [1, 1.9, 1.5]) {
    company.took(time);
    assert.equal(company.wanted, true);
  }
});

test('company that stays slower than one is tried less and less often, and taken back when it is faster', () => {
  const company = new SoloHeuristic();
  company.took(1);
  const stretches = Array.from({ length: 9 }, () => {
    company.took(5);
    return stretch(company, 2);
  });
  assert.deepEqual(stretches, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
  company.took(1);
  assert.equal(company.wanted, true);
  company.took(5);
  assert.equal(stretch(company, 2), 1);
});

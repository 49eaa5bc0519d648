import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SoloHeuristic } from '../../../src/execution/engine/solo-heuristic.ts';

/** Number of the next jobs that run alone, each in `alone` ms, before one runs on all threads. */
function stretch(heuristic: SoloHeuristic, alone: number): number {
  let jobs = 0;
  for (; !heuristic.together; jobs++) heuristic.record(alone);
  return jobs;
}

test('all threads run jobs as long as they are faster', () => {
  const heuristic = new SoloHeuristic();
  for (const time of [1, 1.1, 0.9, 1.7]) {
    assert.equal(heuristic.together, true);
    heuristic.record(time);
  }
  heuristic.record(9);
  assert.equal(stretch(heuristic, 2), 1, 'after one slow job, one job runs alone to measure it');
  for (const time of [1, 1.9, 1.5]) {
    heuristic.record(time);
    assert.equal(heuristic.together, true);
  }
});

test('all threads are tried less and less often while they are slower than one, and used again when they are faster', () => {
  const heuristic = new SoloHeuristic();
  heuristic.record(1);
  const stretches = Array.from({ length: 9 }, () => {
    heuristic.record(5);
    return stretch(heuristic, 2);
  });
  assert.deepEqual(stretches, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
  heuristic.record(1);
  assert.equal(heuristic.together, true);
  heuristic.record(5);
  assert.equal(stretch(heuristic, 2), 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLEARANCE_AGE_MS, ClearanceAge } from '../../../src/node/security/clearance-age.ts';

test('what is cleared is asked for again after a start and whenever it has become old', () => {
  let [time, cleared] = [1e12, ['a', 'b']];
  const rechecks = new ClearanceAge({ cleared: () => cleared, now: () => time });
  assert.deepEqual(rechecks.due(), ['a', 'b']);
  rechecks.confirm(['a']);
  assert.deepEqual(rechecks.due(), ['b']);
  time += 1;
  rechecks.confirm(['b']);
  time += CLEARANCE_AGE_MS - 2;
  assert.deepEqual(rechecks.due(), []);
  time += 1;
  assert.deepEqual(rechecks.due(), ['a']);
  time += 1;
  assert.deepEqual(rechecks.due(), ['a', 'b']);
  cleared = ['b'];
  assert.deepEqual(rechecks.due(), ['b']);
  cleared = ['a', 'b'];
  assert.deepEqual(rechecks.due(), ['a', 'b']);
});

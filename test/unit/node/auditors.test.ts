import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditorsInTurn } from '../../../src/node/inference/answer-audits.ts';

test('nodes that only say that they audit come after those that are there, and a stage does not audit itself', () => {
  const madeUp = Array.from({ length: 200 }, (_, i) => ({ id: `made up ${i}` }));
  const there = [{ id: 'one' }, { id: 'stage' }, { id: 'two' }];
  const turns = Array.from({ length: 50 }, () =>
    auditorsInTurn([...madeUp, ...there], 'stage', (id) => !id.startsWith('made up')).map(({ id }) => id),
  );
  for (const turn of turns) {
    assert.deepEqual(turn.slice(0, 2).sort(), ['one', 'two']);
    assert.equal(turn.length, 202);
  }
  assert.equal(new Set(turns.map(([first]) => first)).size, 2, 'which of them is chance');
});

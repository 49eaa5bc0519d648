import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelRows, stateOf } from '../../../src/cli/models.ts';
import { MODEL, network } from '../../support/scripted-node.ts';

test('models are listed with how much of them is here', () => {
  const [head, row] = modelRows(network());
  assert.deepEqual(head, ['model', 'size', 'here', 'state', 'licence', 'id']);
  assert.deepEqual(row, ['SmolLM2-135M-Instruct', '93.4 MB', '33 %', 'ready', 'Apache-2.0', MODEL.id]);
});

test('a model that is not transferred has no share, and one that cannot answer says why', () => {
  const model = { ...MODEL, available: false };
  assert.equal(modelRows({ models: [model], transfers: [] })[1]![2], '0 %');
  assert.match(stateOf(model), /^incomplete/);
  assert.equal(stateOf({ ...model, safety: 'quarantined' }), 'quarantined');
});

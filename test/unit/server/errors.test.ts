import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorBody, statusOf } from '../../../src/server/errors.ts';

test('an unknown error says nothing of the inside', () => {
  assert.deepEqual(errorBody(new TypeError('x is undefined')).error.code, 'INTERNAL');
  assert.equal(statusOf('INTERNAL'), 500);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorBody, statusOf } from '../../../src/server/errors.ts';

test('the documented statuses are the real ones', () => {
  const table = readFileSync('docs/api.md', 'utf8').split('## Errors')[1]!;
  let codes = 0;
  for (const [, statuses, cell] of table.matchAll(/^\| ([\d, ]+) \| (.*) \|$/gm)) {
    const allowed = statuses!.split(', ').map(Number);
    for (const [, code] of cell!.matchAll(/`([A-Z_]+)`/g)) {
      codes++;
      assert.ok(
        allowed.includes(statusOf(code!)),
        `${code} is documented as ${statuses}, it is ${statusOf(code!)}`,
      );
    }
  }
  assert.ok(codes > 15, 'the table was read');
});

test('an unknown error says nothing of the inside', () => {
  assert.deepEqual(errorBody(new TypeError('x is undefined')).error.code, 'INTERNAL');
  assert.equal(statusOf('INTERNAL'), 500);
});

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

test('every attack of the threat model names a test, and it is there', () => {
  const [, table = ''] = readFileSync('docs/threat-model.md', 'utf8').split('## Attacks, defences, tests');
  const rows = table.split('\n').filter((line) => /^\| [^*-]/.test(line) && !line.startsWith('| attack '));
  assert.ok(rows.length > 100, `${rows.length} rows`);
  for (const row of rows) {
    const tests = [
      ...row
        .split('|')
        .at(-2)!
        .matchAll(/`([^`]+)`/g),
    ].map(([, path]) => path);
    assert.ok(tests.length > 0, row);
    for (const path of tests) assert.ok(existsSync(`test/${path}.test.ts`), `${path}: ${row}`);
  }
});

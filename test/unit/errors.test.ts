/** One table of errors: what is thrown is declared, what is declared is thrown, and the page says the same. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ERROR_TABLES, errorDocs } from '../../scripts/error-docs.ts';
import { exitCodeOf } from '../../src/cli/exit.ts';
import { statusOf } from '../../src/server/errors.ts';

const sources = globSync('src/**/*.ts', { exclude: ['src/**/*.as.ts', 'src/*/errors.ts'] }).map((path) => ({
  path,
  text: readFileSync(path, 'utf8'),
}));
/** The tables' own files throw, too: without the tables. */
const withoutTables = globSync('src/*/errors.ts').map((path) => ({
  path,
  text: readFileSync(path, 'utf8').replace(/_ERRORS = \{[^}]*\} as const satisfies/, ''),
}));
const all = [...sources, ...withoutTables];
const declared = new Map(
  Object.entries(ERROR_TABLES).flatMap(([room, table]) => Object.keys(table).map((code) => [code, room])),
);

test('every code is declared once', () => {
  const count = Object.values(ERROR_TABLES).reduce((sum, table) => sum + Object.keys(table).length, 0);
  assert.equal(declared.size, count, 'two rooms declare the same code');
  const rooms = globSync('src/*/errors.ts').map((path) => path.split('/')[1]);
  assert.deepEqual(rooms.sort(), Object.keys(ERROR_TABLES).sort());
});

test('what is thrown is declared', () => {
  const missing = all.flatMap(({ path, text }) =>
    [...text.matchAll(/new BitorchError\(\s*'([A-Z0-9_]+)'/g)]
      .map(([, code]) => code!)
      .filter((code) => !declared.has(code))
      .map((code) => `${path}: add "${code}: [status, meaning]," to src/${path.split('/')[1]}/errors.ts`),
  );
  assert.deepEqual(missing, []);
});

test('what is declared is thrown', () => {
  const named = new Set(
    all.flatMap(({ text }) => [...text.matchAll(/'([A-Z0-9_]+)'/g)].map(([, code]) => code!)),
  );
  assert.deepEqual(
    [...declared.keys()].filter((code) => !named.has(code)),
    [],
  );
});

test('docs/errors.md is what the tables say', () => {
  assert.equal(readFileSync('docs/errors.md', 'utf8'), errorDocs(), 'run "node scripts/error-docs.ts"');
});

test('statuses and exit codes come from the tables', () => {
  for (const code of [
    'BOND_SMALL',
    'NOT_JAILED',
    'STILL_JAILED',
    'DECOYS_MISSING',
    'OWNER_OTHER',
    'VALIDATOR_OUT',
  ])
    assert.ok(statusOf(code) >= 400 && statusOf(code) < 500, code);
  for (const table of Object.values(ERROR_TABLES))
    for (const [code, [status, meaning, exit]] of Object.entries(table)) {
      assert.ok(status >= 400 && status < 600 && meaning.length > 10, code);
      assert.ok(exit === undefined || (exit > 1 && exit < 256), code);
    }
  assert.deepEqual(
    ['NO_CHAIN', 'NODE_MISSING', 'MODEL_UNREACHABLE', 'INTERRUPTED', 'BOND_SMALL', 'ENOSPC'].map((code) =>
      exitCodeOf(Object.assign(new Error('x'), { code })),
    ),
    [3, 3, 2, 130, 1, 1],
  );
});

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

/** What may differ between two machines, or two runs on one: none of it belongs into a report that others check. */
const FORBIDDEN: readonly (readonly [why: string, pattern: RegExp])[] = [
  ['a clock', /\bDate\b|performance\.now|setTimeout|setInterval|hrtime/],
  ['randomness', /Math\.random|randomBytes|getRandomValues/],
  ['the order of a locale', /localeCompare|toLocale|Intl\./],
  ['a limit in time', /withTimeLimit|timeout/i],
  ['the network or the disk', /from 'node:(fs|net|http|os|child_process)/],
];

test('what makes a report has no clock, no chance, no locale', () => {
  const files = [
    ...globSync('src/security/{inspect,regex}/**/*.ts'),
    ...globSync('src/security/convert/*.ts').filter(
      (path) => !/(convert-file|sandbox-program)\.ts$/.test(path),
    ),
    ...globSync('src/security/{scan,report,hash-file}.ts'),
    ...globSync('src/formats/**/*.ts').filter((path) => !path.endsWith('file-access.ts')),
  ];
  assert.ok(files.length > 40, 'the scanner has moved: look for it again');
  for (const path of files) {
    const source = readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    for (const [why, pattern] of FORBIDDEN) {
      const found = source.match(pattern);
      assert.ok(!found, `${path} uses ${why}: ${found?.[0]}`);
    }
  }
});

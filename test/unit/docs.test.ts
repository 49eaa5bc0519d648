/** The pages for readers of the source name files that exist. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const PAGES = globSync(['docs/**/*.md', '*.md']);

test('every relative link leads to a file or a folder', () => {
  const broken = PAGES.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(dirname(page), target)))
      .map((target) => `${page}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

/** Paths in backticks, of sources and tests: relative to the repository or to src. A star stands for any name, <name> for one to be chosen. */
function missingPaths(page: string): string[] {
  const paths = [...readFileSync(page, 'utf8').matchAll(/`([\w.-]+(?:\/[\w.*<>-]+)+\/?)`/g)].map(
    ([, path]) => path!,
  );
  const exists = (path: string) => globSync([path, join('src', path)]).length > 0;
  return paths.filter((path) => !exists(path.replace(/<[^>]+>/g, '*')));
}

test('the architecture and the lists of CONTRIBUTING name sources that exist', () => {
  for (const page of ['docs/architecture.md', 'CONTRIBUTING.md'])
    assert.deepEqual(missingPaths(page), [], page);
});

test('the table of floors in the architecture is the one that imports are held against', () => {
  const floors = readFileSync('test/unit/floors.test.ts', 'utf8');
  const [, picture = ''] = readFileSync('docs/architecture.md', 'utf8').split('```mermaid');
  const folders = [...floors.matchAll(/^ {2}(\w+): /gm)].map(([, folder]) => folder!);
  assert.ok(folders.length >= 14);
  for (const folder of folders) assert.match(picture.split('```')[0]!, new RegExp(`\\b${folder}\\b`), folder);
});

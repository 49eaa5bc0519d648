import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Lockfile, productionPackages } from '../../../scripts/poc/packages.ts';

const read = (path: string): string => readFileSync(path, 'utf8');
const DOCKERFILE = read('packaging/Dockerfile');

/** What the Dockerfile takes from the checkout. */
const sources = [...DOCKERFILE.matchAll(/^(?:COPY|ADD) (?!--from)(.+) \S+$/gm)].flatMap(([, list]) =>
  list!.split(' '),
);

test('the image takes from the checkout only what .dockerignore lets through', () => {
  const allowed = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  assert.ok(sources.length >= 5);
  for (const source of sources) assert.ok(allowed.includes(source.replace('*', '')), source);
});

test('everything the image takes exists, but what is built first', () => {
  for (const source of sources.filter((path) => !path.startsWith('dist/')))
    assert.ok(existsSync(source), source);
});

test('the default base image is the same wherever it is named', () => {
  const named = ['packaging/Dockerfile', 'packaging/compose.yml', 'scripts/poc.ts', '.ci/run'];
  const images = named.flatMap((path) => read(path).match(/node:\d[\w.-]*/g) ?? []);
  assert.ok(images.length >= named.length);
  assert.deepEqual([...new Set(images)], ['node:24-bookworm-slim']);
});

test('production packages are the folders of the lock file that development does not need alone', () => {
  const packages: Record<string, object> = {
    '': {},
    'node_modules/a': {},
    'node_modules/a/node_modules/b': {},
    'node_modules/@s/c': { devOptional: true },
    'node_modules/d': { dev: true },
  };
  assert.deepEqual(productionPackages({ packages }), ['node_modules/a', 'node_modules/@s/c']);
});

test("this checkout's production packages are all that its dependencies name", () => {
  const lock = JSON.parse(read('package-lock.json')) as Lockfile;
  const folders = productionPackages(lock);
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, object>;
  for (const name of Object.keys(dependencies!)) assert.ok(folders.includes(`node_modules/${name}`), name);
  // What only tests name may still be there for another package.
  const needed = new Set(
    folders.flatMap((folder) =>
      Object.keys((lock.packages[folder] as { dependencies?: object }).dependencies ?? {}),
    ),
  );
  for (const name of Object.keys(devDependencies!))
    assert.ok(needed.has(name) || !folders.includes(`node_modules/${name}`), name);
});

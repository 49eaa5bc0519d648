import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const GROUND = ['base', 'crypto', 'store', 'formats', 'network'];
const SYSTEMS = ['distribution', 'execution', 'ledger', 'security', 'verification', 'consensus'];

/** Which folders of src/ each folder may import: docs/architecture.md, "The floors". */
const FLOORS: Record<string, string[]> = {
  base: [],
  crypto: ['base'],
  store: ['base'],
  formats: ['base'],
  network: ['base', 'crypto', 'store'],
  ledger: ['base', 'crypto', 'store'],
  distribution: GROUND,
  execution: [...GROUND, 'distribution'],
  security: [...GROUND, 'distribution', 'execution'],
  verification: [...GROUND, 'distribution', 'execution'],
  consensus: ['base', 'crypto', 'store', 'network', 'ledger'],
  node: [...GROUND, ...SYSTEMS],
  server: ['base', 'node'],
  cli: [...GROUND, ...SYSTEMS, 'node', 'server'],
};

const IMPORT = /(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g;
const importsOf = (path: string) => [...readFileSync(path, 'utf8').matchAll(IMPORT)].map((m) => m[1]!);

test('imports go down the floors only, and through the doors', () => {
  for (const path of globSync('src/**/*.ts')) {
    const folder = path.split('/')[1]!;
    const allowed = FLOORS[folder];
    assert.ok(allowed, `${path}: src/${folder} has no floor`);
    for (const target of importsOf(path)) {
      if (target.startsWith('#')) {
        // A folder may have a second door (`#network/addresses`), for those who need no more than what is behind it.
        const [door = ''] = target.slice(1).split('/');
        assert.ok(allowed.includes(door), `${path}: ${folder} may not import ${target}`);
      } else if (target.startsWith('.')) {
        const resolved = new URL(target, `file:///${path}`).pathname.slice(1);
        assert.ok(resolved.startsWith(`src/${folder}/`), `${path}: reaches ${resolved} past its door`);
      }
    }
  }
});

test('doors name what they export; only the types of the API go through as a whole', () => {
  for (const path of globSync('src/**/*.ts', { exclude: ['src/node/index.ts', 'src/node/api/*.ts'] }))
    assert.doesNotMatch(readFileSync(path, 'utf8'), /^export (type )?\*/m, path);
});

test('no file imports itself by way of others', () => {
  const doors: Record<string, string> = JSON.parse(readFileSync('package.json', 'utf8')).imports;
  const targetsOf = (path: string) =>
    importsOf(path).flatMap((target) =>
      target.startsWith('#')
        ? [doors[target]!.slice(2)]
        : target.startsWith('.')
          ? [new URL(target, `file:///${path}`).pathname.slice(1)]
          : [],
    );
  const graph = new Map(
    globSync('src/**/*.ts', { exclude: ['src/**/*.as.ts'] }).map((path) => [path, targetsOf(path)]),
  );
  const done = new Set<string>();
  const follow = (path: string, trail: readonly string[]): void => {
    assert.ok(!trail.includes(path), `circle: ${[...trail.slice(trail.indexOf(path)), path].join(' → ')}`);
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) follow(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) follow(path, []);
});

test('what every command loads at its start is small', () => {
  const { imports } = JSON.parse(readFileSync('package.json', 'utf8')) as { imports: Record<string, string> };
  const STATIC = /^(?:import|export)\s(?!type\s)(?:[^;'"]*?\sfrom\s)?\s*['"]([^'"]+)['"]/gm;
  const loaded = new Set<string>();
  const packages = new Set<string>();
  const load = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    for (const [, target = ''] of readFileSync(path, 'utf8').matchAll(STATIC)) {
      if (target.startsWith('#')) load(imports[target]!.slice('./'.length));
      else if (target.startsWith('.')) load(new URL(target, `file:///${path}`).pathname.slice(1));
      else if (!target.startsWith('node:')) packages.add(target);
    }
  };
  load('src/cli/main.ts');
  assert.ok(loaded.size > 50, 'the modules were found');
  assert.deepEqual([...packages].sort(), ['cborg', 'commander', 'env-paths', 'pino', 'zod']);
});

test('the page imports only types of the node', () => {
  for (const path of globSync('web/**/*.{ts,tsx}')) {
    const source = readFileSync(path, 'utf8');
    for (const [line] of source.matchAll(/^import[^;]*src\/[^;]*;/gm)) {
      assert.match(line, /^import type/, `${path}: ${line}`);
    }
  }
});

test('no third-party package is imported by two folders', () => {
  const owners = new Map<string, Set<string>>();
  for (const path of globSync('src/**/*.ts')) {
    for (const target of importsOf(path)) {
      if (/^(#|\.|node:)/.test(target)) continue;
      const name = target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/');
      owners.set(name, (owners.get(name) ?? new Set()).add(path.split('/')[1]!));
    }
  }
  for (const [name, folders] of owners)
    assert.equal(folders.size, 1, `${name} is imported by ${[...folders]}`);
});

test('no source file is longer than 400 lines', () => {
  for (const path of globSync('{src,web,test,bench,scripts,packaging}/**/*.{ts,tsx,css}', {
    exclude: ['**/node_modules/**'],
  })) {
    const lines = readFileSync(path, 'utf8').split('\n').length - 1;
    assert.ok(lines <= 400, `${path} has ${lines} lines`);
  }
});

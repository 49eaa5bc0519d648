/**
 * Finds exports that nothing needs: `node scripts/dead-exports.ts`. Reads the imports and exports of all files, which Biome
 * formats alike, and follows names through the doors (`index.ts`) to the file that declares them.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A name that a file exports: its own, or one that it passes on from another file. */
type Export = 'type' | 'value' | { readonly file: string; readonly name: string };

interface Module {
  readonly exports: Map<string, Export>;
  /** Files whose exports are all passed on. */
  readonly stars: string[];
  /** Names taken from other files; `*` for all of them. */
  readonly imports: { readonly file: string; readonly name: string }[];
  /** How often each identifier occurs. */
  readonly names: Map<string, number>;
}

export interface DeadExport {
  readonly file: string;
  readonly name: string;
  /**
   * `unused`: nothing refers to it. `local`: only its own file does, so it needs no `export`; types are exempt, for they name the
   * shapes of what else the file exports. `tests`: only tests do, so they alone keep it alive.
   */
  readonly why: 'unused' | 'local' | 'tests';
}

const FILES = '{src,web,scripts,bench,test}/**/*.{ts,tsx}';
const DOORS: Readonly<Record<string, string>> = JSON.parse(readFileSync('package.json', 'utf8')).imports;

/** The exports of `src` and `web` that nothing needs. */
export function deadExports(): DeadExport[] {
  const paths = globSync(FILES, { exclude: ['**/node_modules/**', '**/dist/**'] });
  const modules = new Map(paths.map((path) => [path, read(path)]));
  const takenBy = { code: new Set<string>(), tests: new Set<string>() };
  for (const [path, { imports }] of modules)
    for (const { file, name } of imports)
      take(modules, file, name, path.startsWith('test/') ? takenBy.tests : takenBy.code);
  const dead: DeadExport[] = [];
  for (const [file, { exports, names }] of modules) {
    if (!/^(src|web)\//.test(file) || file.endsWith('.as.ts')) continue;
    for (const [name, origin] of exports) {
      const key = `${file}#${name}`;
      if (takenBy.code.has(key)) continue;
      const isTested = takenBy.tests.has(key);
      const isLocal = (names.get(name) ?? 0) > 1;
      if (typeof origin === 'object') {
        if (!isTested) dead.push({ file, name, why: 'unused' });
      } else if (!isLocal) dead.push({ file, name, why: isTested ? 'tests' : 'unused' });
      else if (!isTested && origin === 'value') dead.push({ file, name, why: 'local' });
    }
  }
  return dead;
}

/** Marks an export as taken, here and in each file that it was passed on from. */
function take(modules: Map<string, Module>, file: string, name: string, taken: Set<string>): void {
  const module = modules.get(file);
  if (!module || taken.has(`${file}#${name}`)) return;
  if (name === '*') {
    for (const each of module.exports.keys()) take(modules, file, each, taken);
    for (const star of module.stars) take(modules, star, '*', taken);
    return;
  }
  const origin = module.exports.get(name);
  if (!origin) {
    for (const star of module.stars) take(modules, star, name, taken);
    return;
  }
  taken.add(`${file}#${name}`);
  if (typeof origin === 'object') take(modules, origin.file, origin.name, taken);
}

const OWN =
  /^export (?:default )?(?:abstract )?(?:async )?(function\*?|class|const|let|interface|type) (\w+)/gm;
const OWN_PATTERN = /^export const [{[]([^}\]]*)[}\]]/gm;
const NAMED = /^export (?:type )?\{([^}]*)\}(?: from '([^']+)')?/gm;
const STAR = /^export (?:type )?\* from '([^']+)'/gm;
const IMPORT = /^import (?:type )?(\w+)?,? ?(?:\{([^}]*)\}|\* as (\w+))? ?from '([^']+)'/gm;
/** `declare module '../errors.ts' { interface Tables { … } }` adds to what that file exports. */
const AUGMENTED = /^declare module '([^']+)' \{\s*interface (\w+)/gm;
const LOADED = /\{([^{}]*)\} = await import\(\s*'([^']+)',?\s*\)/g;
const LOADED_TOGETHER = /\[([^\]]*)\] = await Promise\.all\(\[([^\]]*import\([^\]]*)\]\)/g;
const LOADED_TYPE = /import\('([^']+)'\)\.(\w+)/g;
const TEMPLATE = /`(?:[^`\\]|\\.)*`/gs;
const COMMENT = /^\s*(?:\/\/|\/?\*).*$|\/\*.*?\*\/| \/\/ .*$/gm;

function read(path: string): Module {
  const text = readFileSync(path, 'utf8');
  const module: Module = { exports: new Map(), stars: [], imports: [], names: new Map() };
  const imports = (specifier: string, names: readonly string[]): void => {
    const file = resolve(specifier, path);
    if (file !== undefined) module.imports.push(...names.map((name) => ({ file, name })));
  };
  // Some files hold the text of other programs.
  const own = text.replace(COMMENT, '').replace(TEMPLATE, '');
  for (const [, kind, name] of own.matchAll(OWN))
    module.exports.set(name!, kind === 'interface' || kind === 'type' ? 'type' : 'value');
  for (const [, pattern] of text.matchAll(OWN_PATTERN))
    for (const { name } of namesIn(pattern!)) module.exports.set(name, 'value');
  for (const [, list, specifier] of text.matchAll(NAMED)) {
    const file = specifier === undefined ? undefined : resolve(specifier, path);
    if (specifier !== undefined && file === undefined) continue;
    for (const { own, name } of namesIn(list!))
      module.exports.set(name, file ? { file, name: own } : 'value');
  }
  for (const [, specifier] of text.matchAll(STAR)) module.stars.push(resolve(specifier!, path)!);
  for (const [, standard, list = '', space, specifier] of text.matchAll(IMPORT)) {
    if (standard !== undefined) imports(specifier!, ['default']);
    imports(
      specifier!,
      namesIn(list).map(({ own }) => own),
    );
    if (space !== undefined)
      imports(
        specifier!,
        [...text.matchAll(new RegExp(`\\b${space}\\.(\\w+)`, 'g'))].map(([, member]) => member!),
      );
  }
  for (const [, specifier, name] of text.matchAll(AUGMENTED)) imports(specifier!, [name!]);
  for (const [, specifier, name] of text.matchAll(LOADED_TYPE)) imports(specifier!, [name!]);
  for (const [, list, specifier] of text.matchAll(LOADED))
    imports(
      specifier!,
      namesIn(list!).map(({ own }) => own),
    );
  for (const [, patterns, calls] of text.matchAll(LOADED_TOGETHER)) {
    const lists = [...patterns!.matchAll(/\{([^}]*)\}/g)].map(([, list]) => list!);
    [...calls!.matchAll(/import\('([^']+)'\)/g)].forEach(([, specifier], i) => {
      imports(
        specifier!,
        namesIn(lists[i] ?? '').map(({ own }) => own),
      );
    });
  }
  for (const [name] of text.replace(COMMENT, '').matchAll(/[A-Za-z_$][\w$]*/g))
    module.names.set(name, (module.names.get(name) ?? 0) + 1);
  return module;
}

/** The names in `a, type b, c as d`, or in a pattern `a, c: d`. */
const namesIn = (list: string): { own: string; name: string }[] =>
  list
    .replace(COMMENT, '')
    .split(',')
    .map((entry) => entry.trim().replace(/^type /, ''))
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [own, name = own] = entry.split(/ as |: | = /) as [string, string?];
      return { own, name };
    });

/** The file that a specifier names; undefined for packages. */
function resolve(specifier: string, from: string): string | undefined {
  if (specifier.startsWith('#')) return DOORS[specifier]?.replace('./', '');
  if (!specifier.startsWith('.')) return undefined;
  const path = join(dirname(from), specifier);
  return [path, `${path}.ts`, `${path}.tsx`].find((one) => /\.tsx?$/.test(one) && existsSync(one));
}

if (import.meta.main)
  for (const { file, name, why } of deadExports()) process.stdout.write(`${why.padEnd(7)} ${file} ${name}\n`);

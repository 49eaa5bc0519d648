import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

/** What may differ between two machines, or two runs on one: none of it belongs into the rules of consensus. */
const FORBIDDEN: readonly (readonly [why: string, pattern: RegExp])[] = [
  ['a clock', /\bDate\b|performance\.now|setTimeout|setInterval|hrtime/],
  ['randomness', /Math\.random|randomBytes|systemRandom|getRandomValues/],
  ['a fraction', /(?<![\w.'"`])\d+\.\d+|\bparseFloat\b|Math\.(sqrt|exp|log|pow|sin|cos)\b|\*\*\s*-/],
  ['the order of a locale', /localeCompare|toLocale|Intl\./],
  ['a sort that is not by bytes or numbers', /\.sort\(\)/],
  ['an amount as a double', /Number\([^)]*(amount|fee|tokens|shares|balance|supply)/i],
  ['the network or the disk', /from 'node:(fs|net|http|os|child_process)/],
];

/** The wallet, the two sides' sessions, the mempool, files and threads are each node's own affair. */
const OWN_AFFAIR =
  /src\/ledger\/(wallet\/|escrow\/(payer|payee)\.ts|mempool\.ts|verified-cache\.ts)|(snapshot-folder|verifier-threads|reader-thread|yield-to-others|open-application)\.ts/;
const RULES = ['src/ledger/**/*.ts', 'src/consensus/{application,beacon,blocks,engine}/**/*.ts'];

const withoutComments = (source: string) => source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');

test('consensus code has no clock, no randomness, no fractions, no locale', () => {
  const files = globSync(RULES).filter((path) => !OWN_AFFAIR.test(path));
  assert.ok(files.length > 30, 'the rules have moved: look for them again');
  for (const path of files) {
    for (const [why, pattern] of FORBIDDEN) {
      const found = withoutComments(readFileSync(path, 'utf8')).match(pattern);
      assert.ok(!found, `${path} uses ${why}: ${found?.[0]}`);
    }
  }
});

test('maps and sets are looked up or sorted in consensus code, never walked in the order of insertion', () => {
  for (const path of globSync(RULES).filter((file) => !OWN_AFFAIR.test(file))) {
    const source = withoutComments(readFileSync(path, 'utf8'));
    for (const [, name] of source.matchAll(/(?:const|readonly) (#?\w+) = new (?:Map|Set)\b/g)) {
      const walked = new RegExp(
        `(of |\\.\\.\\.)(this\\.)?${name}(\\b(?!\\.(has|get|size))|\\.(keys|values|entries)\\(\\))`,
      );
      const hit = source.match(walked);
      const allowed = ALLOWED.some(([file, map]) => path.endsWith(file) && map === name);
      assert.ok(!hit || allowed, `${path} walks ${name}: ${hit?.[0]}`);
    }
  }
});

/** Walked, and the order does not matter: see the code there. */
const ALLOWED: readonly (readonly [file: string, map: string])[] = [
  // Steps of one tree update: each goes to a place of its own.
  ['accumulators/sparse-tree.ts', 'steps'],
  // The action types that may be read: a constant of the program.
  ['actions/registry.ts', 'names'],
];

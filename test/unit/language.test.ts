import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

/** Phrases that only this project used, and what technical English has for them (CONTRIBUTING.md, "Rules of the house"). */
const PHRASES: readonly [RegExp, string][] = [
  [/\bwith hands\b/i, 'executes effects'],
  [/\bof another life\b/i, 'from another chain'],
  [/\bcomes? into the world\b/i, 'is created'],
  [/\bwho reads dials\b/i, 'whoever watches the metrics'],
  [/\b(could|can|can)not be had\b/i, 'is unavailable'],
  [/\bout for ever\b/i, 'removed permanently'],
  [/\bare believed nothing\b/i, 'are not trusted'],
  [/\bin haste\b/i, 'at once'],
  [/\bgives? (its|his|their) word\b/i, 'attests'],
  [/\bmakes? of it what\b/i, 'interprets'],
  [/\bspeaks? with one voice\b/i, 'counts as one'],
];

/** Names that say nothing to an engineer of the field, and those that replaced them. */
const NAMES: readonly [RegExp, string][] = [
  [/\bclass \w+(ing|Part)\b(?<!Ring|String|Setting|Embedding|Outstanding)/, 'a noun that says what it is'],
  [
    /\b(Council|Deliberation|HeightBook|Haste|Crew|Company|MountainRange|StageWitness)\b/,
    'the name in the field',
  ],
  [/[.#]shout\(/, 'broadcast'],
];

const FILES = globSync('{src,web,scripts,bench,docs,packaging}/**/*.{ts,tsx,md}', {
  exclude: ['**/node_modules/**'],
}).concat('README.md', 'CONTRIBUTING.md', 'SECURITY.md');

const findings = (rules: readonly [RegExp, string][], files: readonly string[]): string[] =>
  files.flatMap((path) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        rules
          .filter(([pattern]) => pattern.test(line))
          .map(([, instead]) => `${path}:${index + 1}: ${line.trim().slice(0, 120)} (instead: ${instead})`),
      ),
  );

test('comments, messages and pages use phrases that everybody knows', () => {
  assert.deepEqual(findings(PHRASES, FILES), []);
});

test('classes have the names of the field', () => {
  assert.deepEqual(
    findings(
      NAMES,
      FILES.filter((path) => /\.tsx?$/.test(path)),
    ),
    [],
  );
});

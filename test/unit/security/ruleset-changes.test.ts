import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#base';
import {
  affectedBy,
  builtInRuleset,
  type FileReport,
  type Finding,
  type Report,
  type RulesetFields,
  SCANNER_VERSION,
} from '#security';

const rules: RulesetFields = await builtInRuleset();
const changed = (change: (fields: RulesetFields) => void): RulesetFields => {
  const {
    id: _,
    signer: __,
    ...fields
  } = structuredClone(rules) as RulesetFields & { id: unknown; signer: unknown };
  change(fields);
  return { ...fields, version: fields.version + 1 };
};
const finding = (rule: Finding['rule'], detail = ''): Finding => ({
  rule,
  severity: 'medium',
  place: '',
  detail,
});
const file = (path: string, kind: string, findings: Finding[] = [], omitted = 0): FileReport => ({
  path,
  size: 10,
  sha256: new Uint8Array(32).fill(path.length),
  kind,
  findings,
  omitted,
});
const report = (...files: FileReport[]): Report => ({
  format: 1,
  scanner: SCANNER_VERSION,
  ruleset: new Uint8Array(32),
  verdict: 'clean',
  files,
});

const FILES = [
  file('model.onnx', 'onnx'),
  file('odd.onnx', 'onnx', [finding('onnx-unknown-operator', 'com.x:Odd')]),
  file('config.json', 'json'),
  file('README.md', 'text'),
  file('a.png', 'png'),
  file('weights.safetensors', 'safetensors'),
  file('evil.pkl', 'pickle', [finding('pickle-code', "calls my.rebuild('x') (REDUCE at byte 3)")]),
  file('long.pkl', 'pickle', [finding('pickle-code', 'calls other.f()')], 3),
  file('data.zip', 'archive', [finding('archive')]),
  file('chat.jinja', 'template', [finding('template-forbidden', 'filter xyz')]),
];
const paths = (change: (fields: RulesetFields) => void) =>
  affectedBy(rules, changed(change), report(...FILES)).map(({ path }) => path);

test('an edition that only counts on touches nothing', () => {
  assert.deepEqual(
    paths(() => undefined),
    [],
  );
});

test('an advisory touches the file that it names, and no other', () => {
  const sha256 = toHex(FILES[3]!.sha256);
  const touched = affectedBy(
    rules,
    changed(({ advisories }) => advisories.push({ sha256, name: 'x' })),
    report(...FILES),
  );
  const same = FILES.filter((other) => toHex(other.sha256) === sha256).map(({ path }) => path);
  assert.deepEqual(
    touched,
    same.map((path) => ({ path, by: 'advisories' })),
  );
});

test('what is newly allowed touches those in which it was found, and those whose findings are not all told', () => {
  assert.deepEqual(
    paths(({ pickle }) => pickle.allowedGlobals.push('my.rebuild')),
    ['evil.pkl', 'long.pkl'],
  );
  assert.deepEqual(
    paths(({ onnx }) => onnx.operators['']!.push('Odd')),
    ['odd.onnx', 'long.pkl'],
  );
  assert.deepEqual(
    paths(({ template }) => template.filters.push('xyz')),
    ['long.pkl', 'chat.jinja'],
  );
});

test('what is allowed no more touches all in which it could be', () => {
  assert.deepEqual(
    paths(({ onnx }) => onnx.operators['']!.pop()),
    ['model.onnx', 'odd.onnx'],
  );
  assert.deepEqual(
    paths(({ onnx }) => onnx.forbidden.push('x:Y')),
    ['model.onnx', 'odd.onnx'],
  );
  const pickles = paths(({ pickle }) => pickle.allowedGlobals.pop());
  assert.deepEqual(
    pickles,
    FILES.filter(({ kind }) => !['text', 'template'].includes(kind)).map(({ path }) => path),
  );
  assert.deepEqual(
    paths(({ template }) => template.methods.pop()),
    ['config.json', 'README.md', 'chat.jinja'],
  );
});

test('a limit touches the kinds that it is about, a rule those that break it', () => {
  assert.deepEqual(
    paths(({ limits }) => limits.imageBytes++),
    ['a.png'],
  );
  assert.deepEqual(
    paths(({ limits }) => limits.onnxNodes++),
    ['model.onnx', 'odd.onnx'],
  );
  assert.deepEqual(
    paths(({ limits }) => limits.nesting++),
    ['evil.pkl', 'long.pkl', 'data.zip'],
  );
  assert.deepEqual(
    paths(({ rules: all }) => (all.archive.severity = 'low')),
    ['long.pkl', 'data.zip'],
  );
});

test('every limit and every list of the rules touches something when it changes', () => {
  const everything = report(...FILES, file('x.json', 'json', [finding('tokenizer-added-token', 'a')]));
  const touches = (change: (fields: RulesetFields) => void) =>
    affectedBy(rules, changed(change), everything).length > 0;
  for (const name of Object.keys(rules.limits) as (keyof RulesetFields['limits'])[])
    assert.ok(
      touches(({ limits }) => limits[name]++),
      name,
    );
  for (const part of ['filters', 'tests', 'functions', 'methods', 'known'] as const)
    assert.ok(
      touches(({ template }) => template[part].push('0'.repeat(64))),
      part,
    );
  assert.ok(touches(({ tokenizer }) => tokenizer.ordinaryAddedTokens.push('zz')));
  assert.ok(touches(({ onnx }) => (onnx.operators['new.domain'] = ['X'])));
});

test('a report by another scanner is touched as a whole', () => {
  const old = { ...report(...FILES), scanner: SCANNER_VERSION + 1 };
  assert.equal(affectedBy(rules, rules, old).length, FILES.length);
});

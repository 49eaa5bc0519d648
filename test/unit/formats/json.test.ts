import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '#base';
import { parseJson } from '#formats';

const parse = (text: string, limits = {}) => parseJson(utf8(text), 'file', limits);

test('reads what JSON.parse reads', () => {
  const texts = [
    'null',
    ' [1, -0, 0.5, 1e3, -2.5E-3, true, false, null] ',
    '{"a": {"b": [[], {}]}, "": "\\u00e9\\n\\"\\\\", "é": "👋"}',
    '"\\\\\\""',
    '{"__proto__": {"x": 1}, "constructor": 2, "toString": 3}',
  ];
  for (const text of texts) assert.deepEqual(parse(text), JSON.parse(text));
  const hostile = parse('{"__proto__": {"polluted": true}}') as { polluted?: boolean };
  assert.equal(hostile.polluted, undefined);
});

test('refuses what is not JSON, or not one JSON text', () => {
  const texts = [
    '',
    ' ',
    '{',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    "'a'",
    '01',
    '+1',
    '.5',
    '1.',
    'NaN',
    'nul',
    '1 2',
    '{} {}',
    '"a',
    '"\\"',
    '"\\x"',
    '"tab\tinside"',
    '[1 2]',
    '{"a" 1}',
    '// comment\n1',
  ];
  for (const text of texts)
    assert.throws(() => parse(text), { code: 'FORMAT_INVALID' }, JSON.stringify(text));
});

test('refuses duplicate keys, however they are spelt', () => {
  assert.throws(() => parse('{"a":1,"b":2,"a":3}'), /duplicate key "a"/);
  assert.throws(() => parse('{"a":1,"\\u0061":3}'), /duplicate key/);
  assert.throws(() => parse('{"__proto__":1,"__proto__":3}'), /duplicate key/);
  assert.deepEqual(parse('[{"a":1},{"a":2}]'), [{ a: 1 }, { a: 2 }]);
});

test('refuses lone surrogates, numbers out of range and bytes that are not UTF-8', () => {
  assert.throws(() => parse('"\\ud800"'), /malformed/);
  assert.throws(() => parse('1e999'), /out of range/);
  assert.throws(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), 'file'), /not UTF-8/);
});

test('bounds size and depth', () => {
  assert.throws(() => parse('[1,2,3]', { maxBytes: 6 }), /limit of 6/);
  assert.deepEqual(parse('[[[]]]', { maxDepth: 3 }), [[[]]]);
  assert.throws(() => parse('[[[[]]]]', { maxDepth: 3 }), /deeper than 3/);
  assert.throws(() => parse('['.repeat(1e6)), /deeper than 64/);
  assert.equal((parse(`"${'a\\n'.repeat(1e6)}"`) as string).length, 2e6);
});

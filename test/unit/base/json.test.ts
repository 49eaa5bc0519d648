import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '#base';

const refused = (text: string): string => {
  try {
    parseJson(text);
  } catch (error) {
    assert.equal((error as { code: string }).code, 'JSON_INVALID');
    return (error as Error).message;
  }
  return assert.fail('it was parsed');
};

test('JSON is parsed', () => {
  assert.deepEqual(parseJson('{"a": [1, null]}'), { a: [1, null] });
});

test('a fault is told by its place, without anything of the text', () => {
  assert.match(refused('{\n  "key": "secret"\n  "b": 1}'), /not valid JSON at line 3, column 3: check/);
  for (const text of ['', 'secret', '{"a": secret}', '{"secret": 1', '[1,]'])
    assert.doesNotMatch(refused(text), /secret|token|Unexpected/, text);
});

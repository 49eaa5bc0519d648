import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { messageOf } from '#base';
import { type Json, JsonReader, JsonTree, parseJson } from '#formats';

function inPieces(bytes: Uint8Array, lengths: readonly number[]): Json {
  const tree = new JsonTree();
  const reader = new JsonReader('x', tree);
  let at = 0;
  for (const length of lengths) {
    reader.write(bytes.subarray(at, at + length));
    at += length;
  }
  reader.write(bytes.subarray(at));
  reader.end();
  return tree.root;
}

const outcome = (run: () => Json): unknown => {
  try {
    return { value: run() };
  } catch (error) {
    // The place in the message may differ by what has come so far.
    return { error: messageOf(error).replace(/ at character.*/, '') !== '' };
  }
};

test('a document in pieces is the document', () => {
  const text = fc.oneof(
    fc.json(),
    fc.json().map((json) => json.replace(/["}\]]/, '')),
    fc.constantFrom('-', '1.', '1e5', '[1,2', '"\\u00e9"', '"é😀"', 'tru', '{"a":1,"a":2}'),
  );
  fc.assert(
    fc.property(text, fc.array(fc.nat(6), { maxLength: 40 }), (json, lengths) => {
      const bytes = Buffer.from(json);
      assert.deepEqual(
        outcome(() => inPieces(bytes, lengths)),
        outcome(() => parseJson(bytes, 'x')),
      );
    }),
    { numRuns: 2000 },
  );
});

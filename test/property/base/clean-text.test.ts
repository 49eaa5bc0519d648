import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanFields, cleanLines, cleanText } from '#base';

test('whatever a stranger writes comes out as one bounded line without control characters, and stays so', () => {
  const text = fc.oneof(
    fc.uint16Array({ maxLength: 400 }).map((units) => String.fromCharCode(...units)),
    fc.string({
      unit: fc.constantFrom(
        '\u001b',
        ']',
        '\u0007',
        '\u202e',
        '\u200b',
        '\n',
        '\u0301',
        ' ',
        'a',
        '\ud800',
        '😀',
      ),
      maxLength: 90,
    }),
  );
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 64 }), (sent, length) => {
      const clean = cleanText(sent, length);
      assert.ok(clean.length <= length);
      assert.doesNotMatch(clean, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|^\s|\s$|\s\s|\p{M}{4}/u);
      assert.equal(cleanText(clean, length), clean);
      assert.ok(clean.isWellFormed());
    }),
    { numRuns: 500 },
  );
});

test('what is fit to be read stays as it is', () => {
  for (const text of ['hearth 3', 'Müllers Knoten', '模型 七', 'नमस्ते', 'a-b_c (1.0)'])
    assert.equal(cleanText(text, 64), text);
  assert.equal(cleanText('\u001b]52;c;cm0gLXJmIH4K\u0007\u001b[2Jname', 64), ']52;c;cm0gLXJmIH4K [2Jname');
});

test('lines and their indents stay, fields of a log are cleaned however deep', () => {
  assert.equal(cleanLines('  a\u001b[2J\n    b\r\u202e'), '  a [2J\n    b');
  const fields = cleanFields({ peer: 'x\n{"level":60}', list: [{ name: '\u0007' }], count: 3, error: null });
  assert.deepEqual(fields, { peer: 'x {"level":60}', list: [{ name: '' }], count: 3, error: null });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { check, parse, z } from '#base';

const schema = z.strictObject({
  name: z.string().min(3).max(5),
  count: z.number().int().min(1),
  kind: z.enum(['a', 'b']),
  parts: z.union([z.string(), z.array(z.strictObject({ type: z.literal('text'), text: z.string() })).min(1)]),
  id: z
    .string()
    .regex(/^[0-9a-f]{8}$/)
    .optional(),
});
const good = { name: 'abc', count: 1, kind: 'a', parts: 'x' };

const problem = (changes: object): string => {
  const result = parse(schema, { ...good, ...changes });
  return 'wrong' in result ? `${result.wrong.path} ${result.wrong.problem}` : 'right';
};

test('what is wrong is said as a sentence: where, what it must be, what it is', () => {
  assert.equal(problem({}), 'right');
  assert.equal(problem({ name: undefined }), 'name is missing');
  assert.equal(problem({ name: 7 }), 'name must be a text, not 7');
  assert.equal(problem({ name: 'abcdefg' }), 'name must have at most 5 characters, not 7');
  assert.equal(problem({ count: 1.5 }), 'count must be a whole number, not 1.5');
  assert.equal(problem({ count: 0 }), 'count must be at least 1, not 0');
  assert.equal(problem({ kind: 'c' }), 'kind must be one of a, b, not "c"');
  assert.equal(problem({ id: 'xyz' }), 'id must be 8 hexadecimal digits');
  assert.equal(problem({ more: 1 }), ' has an unknown field: more');
});

test('of a value that may be of several kinds, the closest one says what is wrong', () => {
  assert.equal(problem({ parts: 7 }), 'parts must be a text or a list, not 7');
  assert.equal(problem({ parts: [] }), 'parts must not be empty');
  assert.equal(problem({ parts: [{ type: 'text' }] }), 'parts.0.text is missing');
  assert.equal(problem({ parts: [{ type: 'image', text: '' }] }), 'parts.0.type must be text, not "image"');
});

test('members of a union that take a type or a fixed value are all named', () => {
  const said = (schema: z.ZodType, value: unknown) => {
    const result = parse(schema, value);
    return 'wrong' in result ? `${result.wrong.path} ${result.wrong.problem}` : 'right';
  };
  const bias = z.union([z.number().min(-1), z.literal(false)]);
  assert.equal(said(bias, 'x'), ' must be a number or false, not a text');
  assert.equal(said(bias, -2), ' must be at least -1, not -2');
  const event = z.discriminatedUnion('type', [
    z.object({ type: z.literal('a'), n: z.number() }),
    z.object({ type: z.literal('b') }),
  ]);
  assert.equal(said(event, { type: 'c' }), 'type must be one of a, b');
  assert.equal(said(event, { type: 'a' }), 'n is missing');
  const byId = z.record(z.string().regex(/^\d+$/, 'must be a token id'), z.number());
  assert.equal(said(byId, { x: 1 }), 'x must be a token id');
  assert.equal(said(z.map(z.string(), z.number()), new Map([['x', 'y']])), 'x must be a number, not a text');
});

test('the message of check names the value and the field', () => {
  assert.throws(() => check(schema, { ...good, count: 'x' }, 'record'), {
    code: 'SCHEMA_INVALID',
    message: 'record: "count" must be a number, not a text',
  });
});

test('nothing of zod reaches people, and no text that may be secret', () => {
  fc.assert(
    fc.property(fc.anything(), fc.constantFrom(...Object.keys(good)), (value, field) => {
      const said = problem({ [field]: value });
      assert.doesNotMatch(said, /Invalid|expected|Too (big|small)|pattern|undefined/);
    }),
    { numRuns: 300 },
  );
  assert.doesNotMatch(problem({ name: 'secret words' }), /secret/);
});

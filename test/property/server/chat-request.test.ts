import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError } from '#base';
import { toChatRequest, zCompletionRequest } from '../../../src/server/chat-request.ts';

const message = fc.record({
  role: fc.constantFrom('system', 'developer', 'user', 'assistant'),
  content: fc.oneof(fc.string(), fc.array(fc.record({ type: fc.constant('text'), text: fc.string() }))),
});
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const supported = fc.record(
  {
    model: optional(fc.string({ minLength: 1 })),
    messages: fc.array(message, { minLength: 1 }),
    stream: optional(fc.boolean()),
    max_tokens: optional(fc.integer({ min: 1, max: 1_000_000 })),
    temperature: optional(fc.double({ min: 0, max: 2, noNaN: true })),
    top_p: optional(fc.double({ min: 0, minExcluded: true, max: 1, noNaN: true })),
    seed: optional(fc.maxSafeInteger()),
    stop: optional(
      fc.oneof(fc.string({ minLength: 1 }), fc.array(fc.string({ minLength: 1 }), { maxLength: 16 })),
    ),
    unknown_field: fc.jsonValue(),
  },
  { requiredKeys: ['messages'] },
);

test('every request of supported fields becomes a chat with the same text', () => {
  fc.assert(
    fc.property(supported, (body) => {
      const chat = toChatRequest(zCompletionRequest.parse(body));
      assert.equal(chat.messages.length, body.messages.length);
      for (const [i, { content }] of body.messages.entries()) {
        const text = typeof content === 'string' ? content : content.map((part) => part.text).join('');
        assert.equal(chat.messages[i]!.content, text);
      }
      assert.equal(chat.maxTokens, body.max_tokens ?? undefined);
      assert.ok(Object.values(chat).every((value) => value !== null && value !== undefined));
    }),
  );
});

test('no JSON at all gets past the schema as anything but a chat or a coded refusal', () => {
  const fields = Object.keys(zCompletionRequest.shape);
  const body = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom(...fields), fc.jsonValue()),
    fc
      .tuple(supported, fc.dictionary(fc.constantFrom(...fields), fc.jsonValue()))
      .map(([a, b]) => ({ ...a, ...b })),
  );
  fc.assert(
    fc.property(body, (value) => {
      const parsed = zCompletionRequest.safeParse(value);
      if (!parsed.success) return;
      try {
        assert.ok(toChatRequest(parsed.data).messages.length > 0);
      } catch (error) {
        assert.ok(error instanceof BitorchError && error.code === 'UNSUPPORTED_PARAMETER', String(error));
      }
    }),
    { numRuns: 500 },
  );
});

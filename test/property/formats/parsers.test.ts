import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BitorchError, concat, utf8 } from '#base';
import { describeModel } from '#execution';
import { parseGguf, parseGgufMetadata, parseJson, parseSafetensors } from '#formats';
import { ggufFile, inMemory, layOut, type TypedValue, tinyLlama } from '../../support/gguf-file.ts';
import { safetensorsFile } from '../../support/safetensors-file.ts';

/** Runs a parser on hostile bytes: it may only succeed or throw a coded error of ours. */
async function survives(parse: () => unknown): Promise<void> {
  try {
    await parse();
  } catch (error) {
    assert.ok(error instanceof BitorchError, `${error}`);
    assert.match(error.code, /^(FORMAT_INVALID|FORMAT_UNSUPPORTED|SCHEMA_INVALID|MODEL_NOT_FOUND)$/);
  }
}

/** A sound file with some bytes overwritten, and perhaps cut or lengthened. */
const mutated = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .record({
      edits: fc.array(
        fc.tuple(fc.nat(Math.min(bytes.length, 700) - 1), fc.uint8Array({ minLength: 1, maxLength: 8 })),
        {
          maxLength: 6,
        },
      ),
      length: fc.oneof(fc.constant(bytes.length), fc.nat(bytes.length + 64)),
    })
    .map(({ edits, length }) => {
      const copy = new Uint8Array(length);
      copy.set(bytes.subarray(0, length));
      for (const [at, patch] of edits)
        copy.set(patch.subarray(0, Math.max(0, length - at)), Math.min(at, length));
      return copy;
    });

const GGUF = ggufFile(tinyLlama());
const SAFETENSORS = safetensorsFile(
  {
    __metadata__: { format: 'pt' },
    a: { dtype: 'F32', shape: [2, 4], data_offsets: [0, 32] },
    b: { dtype: 'BF16', shape: [8], data_offsets: [32, 48] },
  },
  48,
);

test('GGUF: random and mutated files', async () => {
  const magic = concat([utf8('GGUF'), Uint8Array.of(3, 0, 0, 0)]);
  const random = fc.uint8Array({ maxLength: 300 }).map((bytes) => concat([magic, bytes]));
  await fc.assert(
    fc.asyncProperty(fc.oneof(random, mutated(GGUF)), async (bytes) => {
      await survives(() => parseGguf(inMemory(bytes), 'm.gguf'));
      await survives(() => parseGgufMetadata(bytes));
      await survives(() => describeModel([{ path: 'm.gguf', source: inMemory(bytes) }]));
    }),
    { numRuns: 1000 },
  );
});

test('safetensors: random and mutated files', async () => {
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated(SAFETENSORS)), (bytes) =>
      survives(() => parseSafetensors(inMemory(bytes), 'model.safetensors')),
    ),
    { numRuns: 1000 },
  );
});

test('safetensors: any header that is JSON', async () => {
  const entry = fc.record({
    dtype: fc.constantFrom('F32', 'F16', 'I8', 'BF16'),
    shape: fc.array(fc.oneof(fc.nat(8), fc.constant(2 ** 30), fc.integer()), { maxLength: 5 }),
    data_offsets: fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()),
  });
  const header = fc.dictionary(fc.string({ maxLength: 4 }), fc.oneof(entry, fc.jsonValue()));
  await fc.assert(
    fc.asyncProperty(header, fc.nat(64), (value, data) =>
      survives(() => parseSafetensors(inMemory(safetensorsFile(value, data)), 'model.safetensors')),
    ),
    { numRuns: 500 },
  );
});

test('safetensors: whatever tiles is read back', async () => {
  const shapes = fc.array(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }), {
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(shapes, async (list) => {
      let end = 0;
      const entries = list.map((shape, i) => {
        const begin = end;
        end += shape.reduce((a, b) => a * b, 4);
        return [`t${i}`, { dtype: 'F32', shape, data_offsets: [begin, end] }] as const;
      });
      const tensors = await parseSafetensors(
        inMemory(safetensorsFile(Object.fromEntries(entries), end)),
        'f',
      );
      assert.deepEqual(
        tensors.map((tensor) => tensor.shape),
        list,
      );
      assert.equal(
        tensors.reduce((sum, tensor) => sum + tensor.bytes, 0),
        end,
      );
    }),
    { numRuns: 200 },
  );
});

test('GGUF: whatever is written is read back', async () => {
  const value: fc.Arbitrary<TypedValue> = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }).map((text): TypedValue => ['string', text]),
    fc.nat(255).map((n): TypedValue => ['uint8', n]),
    fc.integer().map((n): TypedValue => ['int32', n]),
    fc.double({ noNaN: true }).map((n): TypedValue => ['float64', n]),
    fc.maxSafeInteger().map((n): TypedValue => ['int64', n]),
    fc
      .array(fc.string({ maxLength: 5 }), { maxLength: 5 })
      .map((texts): TypedValue => ['array', ['string', texts]]),
  );
  const metadata = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 9 }), value), {
    selector: ([k]) => k,
  });
  const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(metadata, sizes, async (entries, lengths) => {
      fc.pre(entries.every(([key]) => key !== 'general.alignment'));
      const tensors = layOut(lengths.map((n, i) => ({ name: `t${i}`, type: 1, dims: [n], bytes: 2 * n })));
      const parsed = await parseGguf(inMemory(ggufFile({ metadata: entries, tensors })), 'm.gguf');
      const written = entries.map(([key, [type, v]]) => [
        key,
        type === 'array' ? (v as [string, unknown])[1] : v,
      ]);
      assert.deepEqual([...parsed.metadata], written);
      assert.deepEqual(
        parsed.tensors.map(({ offset }) => offset - parsed.headerBytes),
        tensors.map((t) => t.offset),
      );
    }),
    { numRuns: 200 },
  );
});

test('JSON: agrees with JSON.parse on all JSON, and on what is none', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      assert.deepEqual(parseJson(utf8(text), 'text'), JSON.parse(text));
    }),
  );
  const noise = fc.string({ unit: fc.constantFrom(...'{}[]",:0123eE+-.\\nut arfls\u0000é'), maxLength: 12 });
  fc.assert(
    fc.property(noise, (text) => {
      let theirs: unknown;
      let ours: unknown;
      try {
        theirs = JSON.parse(text);
      } catch {
        theirs = BitorchError;
      }
      try {
        ours = parseJson(utf8(text), 'text');
      } catch (error) {
        assert.ok(error instanceof BitorchError);
        // The only texts that only JSON.parse takes: duplicate keys and numbers past a double.
        if (/twice|out of range/.test(error.message)) return;
        ours = BitorchError;
      }
      assert.deepEqual(ours, theirs);
    }),
    { numRuns: 5000 },
  );
});

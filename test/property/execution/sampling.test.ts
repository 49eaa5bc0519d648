import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createSampler, StopStrings } from '#execution';

const letters = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b'), maxLength });

test('stop strings: any cut into pieces gives the text before the first match', () => {
  const stops = fc.array(letters(4), { maxLength: 3 });
  fc.assert(
    fc.property(fc.array(letters(3), { maxLength: 12 }), stops, (pieces, strings) => {
      const guard = new StopStrings(strings);
      const given = pieces.map((piece) => guard.push(piece)).join('') + guard.end();
      const text = pieces.join('');
      const ends = Array.from(text, (_, end) => text.slice(0, end + 1)).find((start) =>
        strings.some((stop) => stop !== '' && start.endsWith(stop)),
      );
      const longest = Math.max(
        ...strings.map((stop) => (stop !== '' && ends?.endsWith(stop) ? stop.length : 0)),
      );
      assert.equal(guard.found, ends !== undefined);
      assert.equal(given, ends === undefined ? text : ends.slice(0, ends.length - longest));
    }),
    { numRuns: 2000 },
  );
});

test('samplers draw from what top-k and top-p allow, the same again for the same seed', () => {
  const logits = fc.float32Array({ noNaN: true, noDefaultInfinity: true, minLength: 1, maxLength: 40 });
  const options = fc.record({
    temperature: fc.double({ min: 0, max: 5, noNaN: true }),
    topK: fc.nat(45),
    topP: fc.double({ min: 0.001, max: 1, noNaN: true }),
    seed: fc.maxSafeInteger(),
  });
  fc.assert(
    fc.property(logits, options, (values, chosen) => {
      const id = createSampler(chosen).sample(values);
      assert.equal(createSampler(chosen).sample(values), id);
      const better = values.filter((value) => value > values[id]!).length;
      assert.ok(id >= 0 && id < values.length);
      if (chosen.topK > 0) assert.ok(better < chosen.topK);
      if (chosen.temperature === 0) assert.equal(better, 0);
    }),
    { numRuns: 1000 },
  );
});

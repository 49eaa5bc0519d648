import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBuffer, readImage } from '#formats';
import { type Code, lossless, riffChunk, webpOf } from '../../support/webp-file.ts';

const read = (bytes: Uint8Array) => readImage(inBuffer(bytes), 'webp');
const refused = (bytes: Uint8Array, message: RegExp, what?: string) =>
  assert.rejects(read(bytes), (error: Error & { code: string }) => {
    assert.match(error.message, message, what);
    return error.code === 'FORMAT_INVALID';
  });

/** Lengths 1, 2, 3 … and the last one twice: complete. */
const ladder = (longest: number): number[] => [...Array.from({ length: longest }, (_, n) => n + 1), longest];
const even = (symbols: number, length: number): number[] => new Array(symbols).fill(length);
const COMPLETE: readonly number[][] = [
  ladder(1),
  ladder(8),
  ladder(15),
  even(32, 5),
  [1, 2, 3, 4, 5, 6, 7, 8, 8],
];
const OVER: readonly number[][] = [[1, 1, 1], even(40, 5), [1, 1, 15], [...ladder(15), 15], even(40, 3)];
const UNDER: readonly number[][] = [
  [1, 2],
  [2, 2, 2],
  even(40, 15),
  [1, 0, 0, 15],
  even(31, 5),
  ladder(15).slice(1),
];
const EMPTY: number[] = [];

/** Every place where a prefix code can stand. */
const PLACES: Readonly<Record<string, (code: Code) => Uint8Array>> = {
  green: (code) => webpOf(riffChunk('VP8L', lossless({ codes: [code, 0, 0, 0, 0] }))),
  'green with a cache': (code) =>
    webpOf(riffChunk('VP8L', lossless({ cacheBits: 11, codes: [code, 0, 0, 0, 0] }))),
  alpha: (code) => webpOf(riffChunk('VP8L', lossless({ codes: [0, 0, 0, code, 0] }))),
  distance: (code) => webpOf(riffChunk('VP8L', lossless({ codes: [0, 0, 0, 0, code] }))),
  'the map of groups': (code) => webpOf(riffChunk('VP8L', lossless({ map: [0, 0, 0, 0, code] }))),
  transparency: (code) =>
    webpOf(
      riffChunk('VP8X', Uint8Array.of(16, 0, 0, 0, 7, 0, 0, 7, 0, 0)),
      riffChunk('ALPH', Uint8Array.of(1), lossless({ codes: [code, 0, 0, 0, 0] }, false)),
    ),
  'a frame of an animation': (code) =>
    webpOf(
      riffChunk('VP8X', Uint8Array.of(2, 0, 0, 0, 7, 0, 0, 7, 0, 0)),
      riffChunk(
        'ANMF',
        Uint8Array.of(0, 0, 0, 0, 0, 0, 7, 0, 0, 7, 0, 0, 1, 0, 0, 0),
        riffChunk('VP8L', lossless({ codes: [code, 0, 0, 0, 0] })),
      ),
    ),
};

for (const [place, make] of Object.entries(PLACES)) {
  test(`prefix codes of lossless WebP, ${place}: complete ones only`, async () => {
    for (const lengths of COMPLETE) await read(make(lengths));
    for (const lengths of OVER) await refused(make(lengths), /oversubscribed/, `${lengths}`);
    for (const lengths of UNDER) await refused(make(lengths), /incomplete/, `${lengths}`);
    await refused(make(EMPTY), /incomplete/);
  });
}

test('the code that packs lengths must be complete as well', async () => {
  const codes = [ladder(8), 0, 0, 0, 0];
  for (const lengthCode of [new Array(19).fill(4), new Array(19).fill(5), new Array(19).fill(0)])
    await refused(webpOf(riffChunk('VP8L', lossless({ codes, lengthCode }))), /prefix code/);
});

test('lossless WebP whose tables do not end, or describe more than there is', async () => {
  const whole = lossless({ codes: [ladder(8), 0, 0, 0, 0] });
  await refused(webpOf(riffChunk('VP8L', whole.slice(0, 40))), /truncated/);
  await refused(webpOf(riffChunk('VP8L', Uint8Array.of(0x2e, ...whole.subarray(1)))), /signature is missing/);
  await refused(webpOf(riffChunk('VP8L', lossless({ codes: [0, 0, 0, 0, 41] }))), /symbol 41/);
  await refused(webpOf(riffChunk('VP8L', lossless({ cacheBits: 12 }))), /colour cache has 12 bits/);
  assert.deepEqual(await read(webpOf(riffChunk('VP8L', lossless({ width: 5, height: 9 })))), {
    width: 5,
    height: 9,
    end: webpOf(riffChunk('VP8L', lossless({ width: 5, height: 9 }))).length,
  });
});

test('chunks that nobody knows are passed over; those that overrun are not', async () => {
  const image = riffChunk('VP8L', lossless());
  await read(webpOf(riffChunk('ICMT', Uint8Array.of(1, 2, 3)), image));
  await refused(webpOf(image, Uint8Array.of(65, 65, 65, 65, 9, 0, 0, 0)), /runs over/);
  await refused(webpOf(image, riffChunk('A\0A ')), /no name/);
});

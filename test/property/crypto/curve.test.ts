import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { concat, fromHex, toHex } from '#base';
import { type Curve, defaultCurve, GROUP_ORDER, littleEndian, type Point, scalarOf } from '#crypto';
import { nobleCurve } from '../../support/crypto/noble/curve.ts';

const kernel = defaultCurve();
const noble = nobleCurve;

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Scalars with the ones where carries and windows go wrong. */
const scalars = fc.oneof(
  { weight: 3, arbitrary: bytes(64).map((wide) => noble.scalars.reduce(wide)) },
  fc.constantFrom(...[0, 1, 2, 7, 8, 9, 15, 16, 255, 256, -1, -2, -8, -9].map(scalarOf)),
  fc.nat({ max: 252 }).map((bit) => scalarOf(2n ** BigInt(bit))),
  fc.nat({ max: 252 }).map((bit) => scalarOf(2n ** BigInt(bit) - 1n)),
);
/** Encodings of the eight points of small order. */
const TORSION = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
].map(fromHex);
/** Points whose y has long runs of equal bits, where carries go far. */
const AWKWARD = Array.from({ length: 255 }, (_, bit) => 2n ** BigInt(bit))
  .flatMap((power) => [power - 1n, power + 1n, 2n ** 255n - 19n - power, 2n ** 255n - 19n - power / 3n])
  .map((y) => littleEndian(y, 32))
  .filter((encoding) => noble.decode(encoding) !== undefined);
/** A point of the subgroup, or one of small order, or the sum of two such: as an encoding. */
const points = fc
  .tuple(bytes(32), fc.nat({ max: 4 }), fc.nat({ max: 7 }), fc.constantFrom(...AWKWARD))
  .map(([seed, kind, torsion, awkward]) => {
    const small = noble.decode(TORSION[torsion]!)!;
    if (kind === 0) return noble.encode(small);
    if (kind === 2) return awkward;
    const point = noble.hashToPoint(seed);
    return noble.encode(kind === 1 ? noble.add(point, small) : point);
  });

const decoded = (curve: Curve, encodings: readonly Uint8Array[]): Point[] =>
  encodings.map((encoding) => curve.decode(encoding)!);

/** Runs the same on both and compares what comes out, as hexadecimal. */
function same(of: (curve: Curve) => Uint8Array): void {
  assert.equal(toHex(of(kernel)), toHex(of(noble)));
}

describe('the kernel computes what noble computes', () => {
  test('scalars', () => {
    fc.assert(
      fc.property(scalars, scalars, bytes(64), (a, b, wide) => {
        same(({ scalars: f }) => f.add(a, b));
        same(({ scalars: f }) => f.subtract(a, b));
        same(({ scalars: f }) => f.multiply(a, b));
        same(({ scalars: f }) => f.reduce(wide));
        same(({ scalars: f }) => f.reduce(wide.subarray(0, 32)));
      }),
      { numRuns: 300 },
    );
  });

  test('vectors of scalars', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(scalars, scalars), { minLength: 1, maxLength: 6 }),
        scalars,
        (pairs, s) => {
          const [a, b] = [concat(pairs.map(([x]) => x)), concat(pairs.map(([, y]) => y))];
          same(({ scalars: f }) => f.addVectors(a, b));
          same(({ scalars: f }) => f.multiplyVectors(a, b));
          same(({ scalars: f }) => f.scaleVector(a, s));
          same(({ scalars: f }) => f.innerProduct(a, b));
          same(({ scalars: f }) => f.powers(s, pairs.length));
          const invertible = concat(pairs.map(([x]) => (x.every((byte) => byte === 0) ? scalarOf(3) : x)));
          same(({ scalars: f }) => f.invertVector(invertible));
        },
      ),
      { numRuns: 20 },
    );
  });

  test('points of any order: encoding, sums, products', () => {
    fc.assert(
      fc.property(points, points, scalars, scalars, (p, q, s, t) => {
        const on = (of: (curve: Curve, a: Point, b: Point) => Point) =>
          same((curve) => curve.encode(of(curve, curve.decode(p)!, curve.decode(q)!)));
        on((_, a) => a);
        on((curve, a, b) => curve.add(a, b));
        on((curve, a, b) => curve.subtract(a, b));
        on((curve, a) => curve.add(a, a));
        on((curve, a) => curve.subtract(a, a));
        on((curve, a) => curve.multiScalar(concat([s, t]), [a, a], t));
        on((curve, a) => curve.multiplyByCofactor(a));
        on((curve, a) => curve.divideByCofactor(a));
        on((curve, a) => curve.multiplySecret(s, a));
        on((curve, a, b) => curve.multiScalar(concat([s, t]), [a, b], t));
        on((curve, a, b) => curve.multiScalarSecret(concat([s, t]), [a, b]));
        on((curve) => curve.multiplyBaseSecret(s));
        const verdicts = (curve: Curve) => {
          const [a, b] = decoded(curve, [p, q]) as [Point, Point];
          return [curve.equal(a, b), curve.isIdentity(a), curve.isTorsionFree(a)];
        };
        assert.deepEqual(verdicts(kernel), verdicts(noble));
      }),
      { numRuns: 25 },
    );
  });

  test('sums of many products, on both sides of the border between Straus and Pippenger', () => {
    for (const count of [1, 3, 17, 90, 384, 385]) {
      const encodings = fc.sample(points, { numRuns: count, seed: count });
      const factors = concat(fc.sample(scalars, { numRuns: count, seed: count }));
      const sum = (curve: Curve) => curve.encode(curve.multiScalar(factors, decoded(curve, encodings)));
      same(sum);
      const withBase = (curve: Curve) =>
        curve.encode(curve.multiScalar(factors, decoded(curve, encodings), factors.subarray(0, 32)));
      same(withBase);
      const secret = kernel.multiScalarSecret(factors, decoded(kernel, encodings));
      assert.equal(toHex(kernel.encode(secret)), toHex(sum(kernel)));
    }
  });

  test('sums with fixed points, of which a sum may leave the last ones out', () => {
    const fixed = fc.sample(points, { numRuns: 5, seed: 5 });
    const kept = new Map([kernel, noble].map((curve) => [curve, curve.fixPoints(decoded(curve, fixed))]));
    const terms = fc.array(fc.tuple(scalars, points), { maxLength: 3 });
    fc.assert(
      fc.property(terms, fc.array(scalars, { maxLength: 5 }), (free, fixedScalars) => {
        const factors = concat(free.map(([scalar]) => scalar));
        same((curve) => {
          const of = decoded(
            curve,
            free.map(([, point]) => point),
          );
          return curve.encode(curve.multiScalar(factors, of, concat(fixedScalars), kept.get(curve)));
        });
      }),
      { numRuns: 40 },
    );
    for (const curve of [kernel, noble]) {
      assert.throws(
        () => curve.multiScalar(new Uint8Array(), [], new Uint8Array(192), kept.get(curve)),
        RangeError,
      );
      assert.throws(() => curve.multiScalar(new Uint8Array(), [], new Uint8Array(64)), RangeError);
    }
  });

  test('scalars of more than 253 bits are refused, not taken for others', () => {
    const wide = littleEndian(2n ** 255n, 32);
    for (const use of [
      () => kernel.multiplySecret(wide, kernel.base),
      () => kernel.multiplyBaseSecret(wide),
      () => kernel.multiScalar(wide, [kernel.base]),
      () => kernel.multiScalar(scalarOf(1), [kernel.base], wide),
      () => kernel.multiScalarSecret(wide, [kernel.base]),
      () => kernel.multiScalar(scalarOf(1), []),
    ]) {
      assert.throws(use, RangeError);
    }
  });

  test('which bytes are points', () => {
    fc.assert(
      fc.property(bytes(32), (encoding) => {
        const [a, b] = [kernel.decode(encoding), noble.decode(encoding)];
        assert.equal(a === undefined, b === undefined);
        if (a !== undefined) assert.equal(toHex(kernel.encode(a)), toHex(encoding));
      }),
      { numRuns: 300 },
    );
  });

  test('several points at once are decoded and hashed to as each alone', () => {
    const encodings = fc.oneof(
      points,
      bytes(32),
      fc.uint8Array({ maxLength: 33 }),
      fc.constantFrom(...TORSION),
    );
    fc.assert(
      fc.property(fc.array(encodings, { maxLength: 5 }), (all) => {
        const hex = (found: readonly (Point | undefined)[], curve: Curve) =>
          found.map((point) => point && toHex(curve.encode(point)));
        assert.deepEqual(hex(kernel.decodeAll(all), kernel), hex(noble.decodeAll(all), noble));
        assert.deepEqual(hex(kernel.hashToPoints(all), kernel), hex(noble.hashToPoints(all), noble));
        const decodedAll = kernel.decodeAll(all).filter((point) => point !== undefined);
        const each = decodedAll.map((point) => toHex(kernel.encode(point)));
        assert.deepEqual(kernel.encodeAll(decodedAll).map(toHex), each);
      }),
      { numRuns: 60 },
    );
  });

  test('hashes to bytes and to points', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.uint8Array({ maxLength: 40 }), (a, b) => {
        same((curve) => curve.keccak256(a, b));
        same((curve) => curve.hashToScalar(a, b));
      }),
      { numRuns: 100 },
    );
    fc.assert(
      fc.property(bytes(32), (seed) => same((curve) => curve.encode(curve.hashToPoint(seed)))),
      { numRuns: 60 },
    );
  });
});

describe('both are strict', () => {
  for (const curve of [kernel, noble]) {
    test(`${curve.implementation}: encodings that are not canonical are refused`, () => {
      const p = 2n ** 255n - 19n;
      for (let extra = 0n; extra < 19n; extra++) {
        const low = littleEndian(p + extra, 32);
        assert.equal(curve.decode(low), undefined, `y = p + ${extra}`);
        const signed = low.slice();
        signed[31]! |= 0x80;
        assert.equal(curve.decode(signed), undefined, `y = p + ${extra} with the sign`);
      }
      for (const y of [1n, p - 1n]) {
        const encoding = littleEndian(y, 32);
        assert.ok(curve.decode(encoding), 'x = 0');
        encoding[31]! |= 0x80;
        assert.equal(curve.decode(encoding), undefined, 'x = 0 with the sign');
      }
      for (const length of [0, 31, 33]) assert.equal(curve.decode(new Uint8Array(length)), undefined);
    });

    test(`${curve.implementation}: scalars from l on are refused`, () => {
      const { isCanonical } = curve.scalars;
      assert.ok(isCanonical(scalarOf(-1)) && isCanonical(scalarOf(0)));
      for (const value of [GROUP_ORDER, GROUP_ORDER + 1n, 2n ** 255n, 2n ** 256n - 1n]) {
        assert.equal(isCanonical(littleEndian(value, 32)), false, `${value}`);
      }
      assert.equal(isCanonical(new Uint8Array(31)), false);
      assert.throws(() => curve.scalars.invert(scalarOf(0)), RangeError);
    });

    test(`${curve.implementation}: knows the eight points of small order`, () => {
      for (const encoding of TORSION) {
        const point = curve.decode(encoding)!;
        assert.ok(curve.isIdentity(curve.multiplyByCofactor(point)));
        assert.equal(curve.isTorsionFree(point), curve.isIdentity(point));
      }
    });
  }
});

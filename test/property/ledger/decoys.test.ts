import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutputTotal } from '../../../src/ledger/wallet/chain.ts';
import type { Owned } from '../../../src/ledger/wallet/contents.ts';
import { type DecoySource, drawAge, drawRing, totalAt } from '../../../src/ledger/wallet/decoys.ts';
import { planSweep } from '../../../src/ledger/wallet/plan.ts';
import { curve, deterministic, somebody, TEST_PARAMETERS } from '../../support/ledger/chain.ts';

/** A chain of `heights` blocks with so many outputs each. */
function chainOf(heights: number, each: (height: number) => number, minted = false): DecoySource {
  const totals: OutputTotal[] = [];
  const unripe = new Set<number>();
  const parameters = { ...TEST_PARAMETERS, maturity: 10, mintMaturity: 60 };
  let total = 0;
  for (let height = 0; height < heights; height++) {
    for (let n = each(height); n > 0; n--, total++) {
      if (minted && height + parameters.mintMaturity > heights) unripe.add(total);
    }
    if (each(height) > 0) totals.push({ height, total });
  }
  return { parameters, height: heights - 1, blockSeconds: 120, totals, unripe };
}

test('ages follow the distribution that is written down', () => {
  const random = deterministic('ages');
  const logs = Array.from({ length: 8_000 }, () => Math.log(drawAge(0, random)));
  const mean = logs.reduce((sum, x) => sum + x, 0) / logs.length;
  const variance = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / logs.length;
  assert.ok(Math.abs(mean - 19.28 / 1.61) < 0.1, `mean of the logarithms: ${mean}`);
  assert.ok(Math.abs(variance - 19.28 / 1.61 ** 2) < 0.4, `variance of the logarithms: ${variance}`);
  const locked = Array.from({ length: 4_000 }, () => drawAge(1_200, random));
  assert.ok(locked.every((age) => age >= 0));
});

test('rings: 16 different mature outputs in order, the real one among them', () => {
  const random = deterministic('rings');
  const source = chainOf(400, (height) => height % 4);
  for (let real = 0; real < 500; real += 25) {
    const ring = drawRing(real, source, random)!;
    assert.equal(new Set(ring).size, 16);
    assert.ok(ring.includes(real));
    assert.deepEqual(
      ring,
      [...ring].sort((a, b) => a - b),
    );
    assert.ok(ring.at(-1)! < totalAt(source.totals, source.height + 1 - 10), 'a ring member is not mature');
  }
  assert.equal(
    drawRing(
      0,
      chainOf(20, () => 1),
      random,
    ),
    undefined,
    'ten usable outputs are too few',
  );
  assert.equal(
    drawRing(
      0,
      chainOf(60, () => 2, true),
      random,
    ),
    undefined,
    'minted outputs are not mature yet',
  );
});

test('a spend whose age is drawn alike takes every place in its ring equally often', () => {
  const random = deterministic('places');
  const source = chainOf(1_500, () => 2);
  const places = new Array<number>(16).fill(0);
  const draws = 640;
  for (let n = 0; n < draws; n++) {
    // Any member of an honest ring is a draw of the same distribution: take the first as if it were the real one.
    const pool = drawRing(2_900 - (n % 7), source, random)!;
    const real = pool[Math.floor((n * 16) / draws)]!;
    const others = drawRing(real, source, random)!;
    places[others.indexOf(real)]!++;
  }
  const expected = draws / 16;
  const chiSquare = places.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);
  // 15 degrees of freedom: 37.7 is passed once in a thousand.
  assert.ok(chiSquare < 60, `${chiSquare}: ${places}`);
});

test('the rings of one transfer differ, even where draws come out alike', () => {
  const decoys = chainOf(30, (height) => (height === 0 ? 17 : 0));
  const blank = { key: curve.encode(curve.base), mask: new Uint8Array(32), offset: new Uint8Array(32) };
  const owned = (number: number): Owned => ({
    ...blank,
    number,
    amount: 10n ** 12n,
    subaddress: 0,
    height: 0,
    minted: 0,
    keyImage: new Uint8Array(32).fill(number + 1),
    spentAt: 0,
  });
  const spendable = Array.from({ length: 10 }, (_, number) => owned(number));
  const source = { ...decoys, baseFee: 10n, spendable, changeTo: somebody };
  for (let run = 0; run < 20; run++) {
    const [plan] = planSweep(somebody, source, 'normal', deterministic(`rings ${run}`));
    assert.equal(new Set(plan!.spends.map(({ ring }) => ring.join())).size, 10);
  }
  const sixteen = { ...source, ...chainOf(30, (height) => (height === 0 ? 16 : 0)) };
  assert.throws(() => planSweep(somebody, sixteen), { code: 'DECOYS_MISSING' });
});

/** Blocks between the last usable one and the median decoy. */
function medianAge(source: DecoySource, seed: string): number {
  const random = deterministic(seed);
  const heightOf = (number: number) => source.totals.find(({ total }) => total > number)!.height;
  const newest = source.totals.at(-1)!.total - 1;
  const ages: number[] = [];
  for (let n = 0; n < 60; n++) {
    for (const number of drawRing(newest, source, random)!)
      if (number !== newest) ages.push(source.height - source.parameters.maturity - heightOf(number));
  }
  return ages.sort((a, b) => a - b)[ages.length >> 1]!;
}

/** Seconds of the median age among those that a chain of so many outputs, made at this pace, reaches back to. */
function expectedAge(lockedSeconds: number, reach: number): number {
  const random = deterministic('expected ages');
  const ages = Array.from({ length: 20_000 }, () => drawAge(lockedSeconds, random)).filter(
    (age) => age < reach,
  );
  return ages.sort((a, b) => a - b)[ages.length >> 1]!;
}

test('decoys are as old as spends are, however many outputs were made long ago and however long blocks take', () => {
  for (const blockSeconds of [300, 600]) {
    for (const before of [1, 20, 100]) {
      const source = { ...chainOf(8_000, (height) => (height < 5_000 ? before : 20)), blockSeconds };
      const reach = (source.totals.at(-1)!.total * blockSeconds) / 20;
      const expected = expectedAge(10 * blockSeconds, reach);
      const age = medianAge(source, `${blockSeconds} ${before}`) * blockSeconds;
      assert.ok(
        Math.abs(age / expected - 1) < 0.3,
        `${age} s for ${expected} s, ${before} outputs a block before`,
      );
    }
  }
});

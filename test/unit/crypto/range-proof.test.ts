import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Curve,
  commit,
  defaultCurve,
  type Point,
  proveRange,
  type RangeClaim,
  type RangeProof,
  randomScalar,
  rangeSteps,
  scalarOf,
  toWire,
  verifyRanges,
} from '#crypto';
import { nobleCurve } from '../../support/crypto/noble/curve.ts';
import { seededRandom, shifted, TORSION, unreduced } from '../../support/crypto/ring.ts';

const curve = defaultCurve();
const random = seededRandom(2, curve);
const masks = (count: number) => Array.from({ length: count }, () => randomScalar(curve, random));
const MAX = 2n ** 64n - 1n;

const claim = proveRange([1000n, MAX], masks(2), curve, random);
const holds = (...claims: RangeClaim[]) => verifyRanges(claims, curve, random);
const changed = (proof: Partial<RangeProof>): RangeClaim => ({
  ...claim,
  proof: { ...claim.proof, ...proof },
});
const POINTS = ['a', 'a1', 'b'] as const;
const SCALARS = ['r1', 's1', 'd1'] as const;
const LISTS = ['left', 'right'] as const;

describe('Bulletproofs+', () => {
  test('prove 0, 1 and 2^64 - 1, for 1, 3 and 4 outputs; sizes are Monero’s', () => {
    for (const amounts of [[0n], [MAX], [1n, 2n ** 63n, MAX], [0n, 0n, 5n, MAX]]) {
      const made = proveRange(amounts, masks(amounts.length), curve, random);
      assert.ok(holds(made), `${amounts}`);
      const padded = { 1: 1, 3: 4, 4: 4 }[amounts.length]!;
      assert.equal(made.proof.left.length, 6 + Math.log2(padded));
    }
  });

  test('prove 16 amounts at once', () => {
    const amounts = Array.from({ length: 16 }, (_, i) => MAX - 2n ** BigInt(4 * i));
    const made = proveRange(amounts, masks(16), curve, random);
    assert.ok(holds(made));
    assert.ok(!holds({ ...made, commitments: made.commitments.with(15, made.commitments[0]!) }));
  });

  test('each step of a proof multiplies a few hundred points at most, however many amounts there are', () => {
    let points = 0;
    const counting: Curve = Object.assign(Object.create(curve), {
      multiScalarSecret: (scalars: Uint8Array, of: readonly Point[]) => {
        points += of.length;
        return curve.multiScalarSecret(scalars, of);
      },
    });
    const steps = rangeSteps(
      Array.from({ length: 16 }, () => 1n),
      masks(16),
      counting,
      random,
    );
    let most = 0;
    let step = steps.next();
    for (; !step.done; step = steps.next()) {
      most = Math.max(most, points);
      points = 0;
    }
    assert.ok(most < 600, `${most} points in a step`);
    assert.ok(holds(step.value));
  });

  test('the commitments are those of the amounts, divided by 8', () => {
    const [mask] = masks(1);
    const made = proveRange([42n], [mask!], curve, random);
    assert.deepEqual(made.commitments, [toWire(commit(42n, mask!, curve), curve)]);
  });

  test('with the same randomness kernel and noble verify alike', () => {
    assert.ok(verifyRanges([claim], nobleCurve, random));
    assert.ok(
      !verifyRanges([{ ...claim, commitments: [...claim.commitments].reverse() }], nobleCurve, random),
    );
  });

  test('a batch holds when each does, and fails with one that does not', () => {
    const other = proveRange([5n], [scalarOf(9)], curve, random);
    assert.ok(holds());
    assert.ok(holds(claim, other, claim));
    const false_ = { ...other, commitments: [toWire(commit(6n, scalarOf(9), curve), curve)] };
    assert.ok(!holds(claim, false_));
    assert.ok(!holds(false_, claim, other));
  });

  test('two false proofs do not cancel each other out', () => {
    const [up, down] = [6n, 4n].map((amount) => [toWire(commit(amount, scalarOf(9), curve), curve)]);
    const made = proveRange([5n], [scalarOf(9)], curve, random);
    assert.ok(!holds({ ...made, commitments: up! }, { ...made, commitments: down! }));
  });

  test('an amount of 2^64 or below zero cannot be proven, nor passed off', () => {
    for (const amount of [2n ** 64n, -1n]) {
      assert.throws(() => proveRange([amount], masks(1), curve, random), { code: 'AMOUNT_INVALID' });
    }
    const [mask] = masks(1);
    const made = proveRange([0n], [mask!], curve, random);
    const h = curve.decode(commit(1n, scalarOf(0), curve))!;
    for (const amount of [2n ** 64n, -1n]) {
      const commitment = curve.encode(curve.multiScalar(scalarOf(amount), [h], mask!));
      assert.ok(!holds({ ...made, commitments: [toWire(commitment, curve)] }), `${amount}`);
    }
  });

  test('a wrong number of amounts or masks is refused', () => {
    for (const [amounts, of] of [
      [[], []],
      [[1n], []],
      [Array(17).fill(1n), masks(17)],
    ] as const) {
      assert.throws(() => proveRange(amounts, of, curve, random), { code: 'RANGE_INVALID' });
    }
    assert.ok(!holds({ ...claim, commitments: [] }));
    assert.ok(!holds({ ...claim, commitments: Array(17).fill(claim.commitments[0]!) }));
    assert.ok(!holds({ ...claim, commitments: claim.commitments.slice(1) }));
    assert.ok(!holds({ ...claim, commitments: [...claim.commitments, claim.commitments[0]!] }));
  });

  test('covers every part of the proof', () => {
    for (const name of POINTS) assert.ok(!holds(changed({ [name]: claim.proof.left[0]! })), name);
    for (const name of SCALARS) {
      assert.ok(!holds(changed({ [name]: curve.scalars.add(claim.proof[name], scalarOf(1)) })), name);
      assert.ok(!holds(changed({ [name]: unreduced(claim.proof[name]) })), `${name} + l`);
    }
    for (const name of LISTS) {
      const list = claim.proof[name];
      assert.ok(!holds(changed({ [name]: list.slice(1) })), `short ${name}`);
      assert.ok(!holds(changed({ [name]: [...list, list[0]!] })), `long ${name}`);
      for (let i = 0; i < list.length; i++)
        assert.ok(!holds(changed({ [name]: list.with(i, list[(i + 1) % 7]!) })));
    }
    assert.ok(!holds({ ...claim, commitments: [...claim.commitments].reverse() }), 'commitments swapped');
  });

  test('refuses every point of small order added to every point', () => {
    // Points divided by 8 are multiplied by 8, so small orders vanish from the sum; the transcript still sees the bytes.
    for (const torsion of TORSION) {
      const shift = (point: Uint8Array) => shifted(point, torsion, curve);
      for (const name of POINTS) assert.ok(!holds(changed({ [name]: shift(claim.proof[name]) })), name);
      for (const name of LISTS) {
        const list = claim.proof[name];
        for (let i = 0; i < list.length; i++)
          assert.ok(!holds(changed({ [name]: list.with(i, shift(list[i]!)) })));
      }
      for (let i = 0; i < 2; i++) {
        const commitments = claim.commitments.with(i, shift(claim.commitments[i]!));
        assert.ok(!holds({ ...claim, commitments }));
      }
    }
  });

  test('bytes that are no points are refused', () => {
    for (const bad of [new Uint8Array(32).fill(0xff), new Uint8Array(31)]) {
      for (const name of POINTS) assert.ok(!holds(changed({ [name]: bad })));
      assert.ok(!holds({ ...claim, commitments: claim.commitments.with(0, bad) }));
      assert.ok(!holds(changed({ left: claim.proof.left.with(0, bad) })));
    }
  });
});

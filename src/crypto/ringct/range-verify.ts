import { concat } from '#base';
import type { Curve, Point, Scalar } from '../curve.ts';
import { type RandomBytes, systemRandom } from '../random.ts';
import { decodeAll } from './points.ts';
import { type Challenges, RangeEquation } from './range-equation.ts';
import {
  BITS,
  elementOf,
  isZero,
  MAX_OUTPUTS,
  paddedOutputs,
  type RangeClaim,
  RangeTranscript,
  roundsFor,
} from './range-transcript.ts';

function challengesOf({ proof, commitments }: RangeClaim, curve: Curve): Challenges | undefined {
  const transcript = new RangeTranscript(commitments, curve);
  const y = transcript.challenge(proof.a);
  const z = transcript.challenge();
  const rounds = proof.left.map((left, i) => transcript.challenge(left, proof.right[i]!));
  const e = transcript.challenge(proof.a1, proof.b);
  return [y, z, ...rounds, e].some(isZero) ? undefined : { y, z, rounds, e };
}

function isWellFormed({ proof, commitments }: RangeClaim, curve: Curve): boolean {
  const count = commitments.length;
  if (count === 0 || count > MAX_OUTPUTS) return false;
  const rounds = roundsFor(count);
  if (proof.left.length !== rounds || proof.right.length !== rounds) return false;
  return [proof.r1, proof.s1, proof.d1].every(curve.scalars.isCanonical);
}

/** The points of a claim times 8, in the order of the factors of the equation; undefined when one does not decode. */
function pointsOf({ proof, commitments }: RangeClaim, curve: Curve): Point[] | undefined {
  const encoded = [proof.a, proof.a1, proof.b, ...commitments, ...proof.left, ...proof.right];
  return decodeAll(encoded, curve)?.map((point) => curve.multiplyByCofactor(point));
}

/**
 * Whether every claim is valid: each commitment hides an amount below 2^64. Uses one multi-scalar multiplication, with each proof
 * weighted by 128 random bits: an invalid proof passes with probability 2^-128. False for malformed input.
 */
export function verifyRanges(
  claims: readonly RangeClaim[],
  curve: Curve,
  random: RandomBytes = systemRandom,
): boolean {
  if (claims.length === 0) return true;
  if (!claims.every((claim) => isWellFormed(claim, curve))) return false;
  const challenges: Challenges[] = [];
  for (const claim of claims) {
    const found = challengesOf(claim, curve);
    if (found === undefined) return false;
    challenges.push(found);
  }
  const inverted = curve.scalars.invertVector(concat(challenges.flatMap(({ y, rounds }) => [y, ...rounds])));
  const largest = Math.max(...claims.map((claim) => claim.commitments.length));
  const equation = new RangeEquation(BITS * paddedOutputs(largest), curve);
  let at = 0;
  for (const [i, claim] of claims.entries()) {
    const points = pointsOf(claim, curve);
    if (points === undefined) return false;
    const found = challenges[i]!;
    const inverses = [found.y, ...found.rounds].map(() => elementOf(inverted, at++));
    equation.add(claim, points, found, inverses, randomWeight(curve, random));
  }
  return equation.holds();
}

/** 128 random bits, not all zero. */
function randomWeight(curve: Curve, random: RandomBytes): Scalar {
  for (;;) {
    const weight = curve.scalars.reduce(random(16));
    if (!isZero(weight)) return weight;
  }
}

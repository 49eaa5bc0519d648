import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toHex } from '#base';
import {
  type ClsagSignature,
  type ClsagStatement,
  commit,
  defaultCurve,
  keyImageOf,
  scalarOf,
  signClsag,
  verifyClsag,
} from '#crypto';
import { nobleCurve } from '../../support/crypto/noble/curve.ts';
import { seededRandom, shifted, signedRing, TORSION, unreduced } from '../../support/crypto/ring.ts';

const curve = defaultCurve();
const random = seededRandom(1, curve);
const { statement, witness, signature, keyImage } = signedRing(5, 3, 77n, random, curve);

const verify = (s: ClsagStatement, by: ClsagSignature = signature, image = keyImage) =>
  verifyClsag(s, by, image, curve);
const replaced = <T>(list: readonly T[], index: number, value: T): T[] => list.with(index, value);
const flipped = (bytes: Uint8Array, at = 0): Uint8Array => bytes.with(at, bytes[at]! ^ 1);

describe('CLSAG', () => {
  test('signs for every place in rings of 1, 2, 16 and 64', () => {
    for (const [size, index] of [
      [1, 0],
      [2, 0],
      [2, 1],
      [16, 0],
      [16, 7],
      [16, 15],
      [64, 63],
    ] as const) {
      const made = signedRing(size, index, 5n, random, curve);
      assert.ok(verifyClsag(made.statement, made.signature, made.keyImage, curve), `${index} of ${size}`);
      assert.equal(
        toHex(made.keyImage),
        toHex(keyImageOf(made.witness.secret, made.statement.ring[index]!.key, curve)),
      );
    }
  });

  test('with the same randomness kernel and noble make the same signature, and accept it', () => {
    const on = (c: typeof curve) => signClsag(statement, witness, c, seededRandom(9, curve));
    const [a, b] = [on(curve), on(nobleCurve)];
    assert.deepEqual(a, b);
    assert.ok(verifyClsag(statement, a.signature, a.keyImage, nobleCurve));
  });

  test('covers the message, the ring and the pseudo-output', () => {
    assert.ok(verify(statement));
    const { ring, message, pseudoOut } = statement;
    assert.ok(!verify({ ...statement, message: flipped(message) }));
    assert.ok(!verify({ ...statement, message: message.subarray(1) }));
    assert.ok(!verify({ ...statement, ring: [...ring].reverse() }));
    assert.ok(!verify({ ...statement, pseudoOut: commit(77n, scalarOf(5), curve) }));
    for (let i = 0; i < ring.length; i++) {
      const other = ring[(i + 1) % ring.length]!;
      assert.ok(
        !verify({ ...statement, ring: replaced(ring, i, { ...ring[i]!, key: other.key }) }),
        'repeated key',
      );
      assert.ok(!verify({ ...statement, ring: replaced(ring, i, other) }), 'repeated member');
      assert.ok(!verify({ ...statement, ring: replaced(ring, i, { ...ring[i]!, commitment: pseudoOut }) }));
    }
  });

  test('covers every scalar and point of the signature', () => {
    for (let i = 0; i < signature.scalars.length; i++) {
      const scalars = replaced(signature.scalars, i, flipped(signature.scalars[i]!));
      assert.ok(!verify(statement, { ...signature, scalars }));
    }
    assert.ok(!verify(statement, { ...signature, challenge: flipped(signature.challenge) }));
    const image = keyImageOf(scalarOf(3), statement.ring[0]!.key, curve);
    assert.ok(!verify(statement, { ...signature, commitmentImage: image }));
    assert.ok(!verify(statement, signature, image));
  });

  test('refuses scalars that are not reduced, and zero as challenge', () => {
    for (let i = 0; i < signature.scalars.length; i++) {
      const scalars = replaced(signature.scalars, i, unreduced(signature.scalars[i]!));
      assert.ok(!verify(statement, { ...signature, scalars }));
    }
    assert.ok(!verify(statement, { ...signature, challenge: unreduced(signature.challenge) }));
    assert.ok(!verify(statement, { ...signature, challenge: scalarOf(0) }));
  });

  test('refuses every point of small order added to every point', () => {
    const { ring, pseudoOut } = statement;
    for (const torsion of TORSION) {
      const shift = (point: Uint8Array) => shifted(point, torsion, curve);
      assert.ok(!verify(statement, signature, shift(keyImage)), 'the double spend of CryptoNote, 2017');
      assert.ok(!verify(statement, { ...signature, commitmentImage: shift(signature.commitmentImage) }));
      assert.ok(!verify({ ...statement, pseudoOut: shift(pseudoOut) }));
      for (let i = 0; i < ring.length; i++) {
        const member = ring[i]!;
        assert.ok(!verify({ ...statement, ring: replaced(ring, i, { ...member, key: shift(member.key) }) }));
        const commitment = shift(member.commitment);
        assert.ok(!verify({ ...statement, ring: replaced(ring, i, { ...member, commitment }) }));
      }
    }
  });

  test('refuses identities, small orders and bytes that are no points, wherever they stand', () => {
    const { ring } = statement;
    const none = new Uint8Array(32).fill(0xff);
    for (const bad of [...TORSION, curve.encode(curve.identity), none, new Uint8Array(31)]) {
      assert.ok(!verify(statement, signature, bad));
      assert.ok(!verify(statement, { ...signature, commitmentImage: bad }));
      assert.ok(!verify({ ...statement, pseudoOut: bad }));
      assert.ok(!verify({ ...statement, ring: replaced(ring, 0, { ...ring[0]!, key: bad }) }));
    }
  });

  test('refuses empty rings, rings above 64 and counts that differ', () => {
    const { ring } = statement;
    assert.ok(!verify({ ...statement, ring: [] }, { ...signature, scalars: [] }));
    assert.ok(!verify({ ...statement, ring: ring.slice(1) }));
    assert.ok(!verify(statement, { ...signature, scalars: signature.scalars.slice(1) }));
    const long = Array.from({ length: 65 }, () => ring[0]!);
    assert.ok(!verify({ ...statement, ring: long }, { ...signature, scalars: long.map(() => scalarOf(1)) }));
  });

  test('does not sign what is not true', () => {
    const refuses = (s: ClsagStatement, w: typeof witness) =>
      assert.throws(() => signClsag(s, w, curve, random), { code: 'CLSAG_WITNESS_INVALID' });
    refuses(statement, { ...witness, secret: scalarOf(4) });
    refuses(statement, { ...witness, index: 2 });
    refuses(statement, { ...witness, index: 5 });
    refuses(statement, { ...witness, maskDifference: scalarOf(4) });
    refuses({ ...statement, pseudoOut: commit(78n, scalarOf(1), curve) }, witness);
    refuses({ ...statement, message: new Uint8Array(31) }, witness);
  });
});

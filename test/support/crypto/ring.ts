import { fromHex } from '#base';
import {
  type ClsagSignature,
  type ClsagStatement,
  type ClsagWitness,
  type Curve,
  commit,
  fromLittleEndian,
  littleEndian,
  type Point,
  type RandomBytes,
  randomScalar,
  signClsag,
} from '#crypto';

/** A repeatable source of bytes: keccak of a counter. Not for anything but tests. */
export function seededRandom(seed: number, curve: Curve): RandomBytes {
  let state = curve.keccak256(littleEndian(BigInt(seed), 8));
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      state = curve.keccak256(state);
      bytes.set(state.subarray(0, Math.min(32, length - at)), at);
    }
    return bytes;
  };
}

/** The points of small order other than the identity. */
export const TORSION = [
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
].map(fromHex);

/** point + torsion, both as encodings. */
export function shifted(point: Uint8Array, torsion: Uint8Array, curve: Curve): Uint8Array {
  return curve.encode(curve.add(curve.decode(point) as Point, curve.decode(torsion) as Point));
}

/** scalar + l: the same number mod l, written in a way that is not allowed. */
export const unreduced = (scalar: Uint8Array): Uint8Array =>
  littleEndian(fromLittleEndian(scalar) + 2n ** 252n + 27742317777372353535851937790883648493n, 32);

export interface SignedRing {
  readonly statement: ClsagStatement;
  readonly witness: ClsagWitness;
  readonly signature: ClsagSignature;
  readonly keyImage: Uint8Array;
}

/** A ring of `size` with a real member at `index` that hides `amount`, and its signature. */
export function signedRing(
  size: number,
  index: number,
  amount: bigint,
  random: RandomBytes,
  curve: Curve,
): SignedRing {
  const fresh = () => randomScalar(curve, random);
  const [secret, mask, pseudoMask] = [fresh(), fresh(), fresh()];
  const ring = Array.from({ length: size }, () => ({
    key: curve.encode(curve.multiplyBaseSecret(fresh())),
    commitment: curve.encode(curve.multiplyBaseSecret(fresh())),
  }));
  ring[index] = {
    key: curve.encode(curve.multiplyBaseSecret(secret)),
    commitment: commit(amount, mask, curve),
  };
  const statement = { ring, pseudoOut: commit(amount, pseudoMask, curve), message: random(32) };
  const witness = { index, secret, maskDifference: curve.scalars.subtract(mask, pseudoMask) };
  return { statement, witness, ...signClsag(statement, witness, curve, random) };
}

import { ed25519 } from '@noble/curves/ed25519.js';
import { fromLittleEndian } from '#crypto';

const { Point } = ed25519;
const { Fp } = Point;
const A = 486662n;
const rootOfMinusOne = Fp.sqrt(Fp.neg(1n));

const timesRootOf = (r: bigint, square: bigint): bigint => Fp.mul(r, Fp.sqrt(Fp.create(square)));

/**
 * CryptoNote's map from a hash to the curve (ge_fromfe_frombytes_vartime; "CryptoNote v2.0" does not define it), times 8. Uses
 * all 256 bits of `hash`, 32 bytes.
 */
export function pointFromHash(hash: Uint8Array): InstanceType<typeof Point> {
  const u = Fp.create(fromLittleEndian(hash));
  const v = Fp.mul(2n, Fp.sqr(u));
  const w = Fp.add(v, 1n);
  const x = Fp.sub(Fp.sqr(w), Fp.mul(A * A, v));
  // r = (w/x)^((p+3)/8)
  const wx3 = Fp.mul(w, Fp.pow(x, 3n));
  let r = Fp.mul(wx3, Fp.pow(Fp.mul(w, Fp.pow(x, 7n)), (Fp.ORDER - 5n) / 8n));
  const rrx = Fp.mul(Fp.sqr(r), x);
  const [minus, plus] = [Fp.sub(w, rrx), Fp.add(w, rrx)];
  const first = Fp.is0(minus) || Fp.is0(plus);
  let z = Fp.neg(A);
  if (first) {
    r = timesRootOf(r, Fp.is0(minus) ? 2n * A * (A + 2n) : -2n * A * (A + 2n));
    r = Fp.mul(r, u);
    z = Fp.mul(z, v);
  } else {
    const isRoot = Fp.eql(w, Fp.mul(rrx, rootOfMinusOne));
    r = timesRootOf(r, Fp.mul(isRoot ? rootOfMinusOne : Fp.neg(rootOfMinusOne), A * (A + 2n)));
  }
  const sign = first ? 0n : 1n;
  if ((r & 1n) !== sign) r = Fp.neg(r);
  const Z = Fp.add(z, w);
  return Point.fromAffine({ x: r, y: Fp.div(Fp.sub(z, w), Z) }).clearCofactor();
}

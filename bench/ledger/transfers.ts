import {
  type ClsagSignature,
  type ClsagStatement,
  type ClsagWitness,
  type Curve,
  commit,
  commitmentsBalance,
  fromWireAll,
  proveRange,
  type RangeClaim,
  randomScalar,
  signClsag,
  systemRandom,
  verifyClsag,
  verifyRanges,
} from '#crypto';

/** What a verifier needs of a transfer with two inputs of ring 16 and two outputs. */
export interface Transfer {
  readonly inputs: readonly {
    readonly statement: ClsagStatement;
    readonly witness: ClsagWitness;
    readonly signature: ClsagSignature;
    readonly keyImage: Uint8Array;
  }[];
  readonly ranges: RangeClaim;
}

const RING = 16;

export function makeTransfers(count: number, curve: Curve): Transfer[] {
  const fresh = () => randomScalar(curve, systemRandom);
  const masks = [fresh(), fresh()] as const;
  const ranges = proveRange([60n, 40n], masks, curve);
  const members = Array.from({ length: RING }, () => ({
    key: curve.encode(curve.multiplyBaseSecret(fresh())),
    commitment: curve.encode(curve.multiplyBaseSecret(fresh())),
  }));
  const { add, subtract } = curve.scalars;
  return Array.from({ length: count }, () => {
    const pseudoMask = fresh();
    const pseudoMasks = [pseudoMask, subtract(add(...masks), pseudoMask)];
    const inputs = [70n, 30n].map((amount, i) => {
      const [secret, mask, index] = [fresh(), fresh(), i];
      const key = curve.encode(curve.multiplyBaseSecret(secret));
      const ring = members.with(index, { key, commitment: commit(amount, mask, curve) });
      const statement = {
        ring,
        pseudoOut: commit(amount, pseudoMasks[i]!, curve),
        message: curve.keccak256(key),
      };
      const maskDifference = subtract(mask, pseudoMasks[i]!);
      const witness = { index, secret, maskDifference };
      return { statement, witness, ...signClsag(statement, witness, curve) };
    });
    return { inputs, ranges };
  });
}

/** Verifies transfers, or parts of them; throws when one does not hold. */
export function verifyTransfers(
  transfers: readonly Transfer[],
  curve: Curve,
  parts: { signatures: number; ranges: boolean } = { signatures: 2, ranges: true },
): void {
  for (const { inputs, ranges } of transfers) {
    for (const { statement, signature, keyImage } of inputs.slice(0, parts.signatures)) {
      if (!verifyClsag(statement, signature, keyImage, curve)) throw new Error('a signature does not hold');
    }
    if (parts.signatures < inputs.length) continue;
    const outputs = fromWireAll(ranges.commitments, curve);
    const pseudoOuts = inputs.map(({ statement }) => statement.pseudoOut);
    if (outputs === undefined || !commitmentsBalance(pseudoOuts, outputs, 0n, curve))
      throw new Error('no balance');
  }
  if (!parts.ranges) return;
  if (
    !verifyRanges(
      transfers.map(({ ranges }) => ranges),
      curve,
    )
  )
    throw new Error('a range proof does not hold');
}

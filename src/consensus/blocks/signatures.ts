import { domainHash } from '#base';
import { type Aggregate, areSignatures, defaultCurve, isAggregate } from '#crypto';

/** A signature by `publicKey` over domainHash(purpose, message). */
export interface SignedMessage {
  readonly purpose: string;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** An aggregate of signatures by all these keys over domainHash(purpose, message). */
export interface JointlySignedMessage {
  readonly purpose: string;
  readonly message: Uint8Array;
  readonly aggregate: Aggregate;
  readonly publicKeys: readonly Uint8Array[];
}

/** Whether all of these are valid. Malformed keys and signatures are invalid. */
export type VerifySignatures = (signed: readonly (SignedMessage | JointlySignedMessage)[]) => boolean;

/**
 * Ed25519 by ZIP-215's rules. Single signatures are verified in one batch: a hundred cost about as much as thirty.
 */
export const verifyAll: VerifySignatures = (signed) => {
  const curve = defaultCurve();
  const single = signed.flatMap((one) =>
    'publicKey' in one ? [{ ...one, message: domainHash(one.purpose, one.message) }] : [],
  );
  return (
    areSignatures(curve, single) &&
    signed.every(
      (one) =>
        'publicKey' in one || isAggregate(curve, { ...one, message: domainHash(one.purpose, one.message) }),
    )
  );
};

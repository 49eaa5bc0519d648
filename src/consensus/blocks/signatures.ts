import { domainHash } from '#base';
import { type Aggregate, areSignatures, defaultCurve, isAggregate } from '#crypto';

/** A signature of `publicKey` over domainHash(purpose, message). */
export interface SignedMessage {
  readonly purpose: string;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** The signatures of all these keys over domainHash(purpose, message), aggregated. */
export interface JointlySignedMessage {
  readonly purpose: string;
  readonly message: Uint8Array;
  readonly aggregate: Aggregate;
  readonly publicKeys: readonly Uint8Array[];
}

/** Whether every one of these is good. What malformed keys or signatures say is simply false. */
export type VerifySignatures = (signed: readonly (SignedMessage | JointlySignedMessage)[]) => boolean;

/** Ed25519 by ZIP-215's rules, single signatures all in one equation: a hundred for the price of thirty. */
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

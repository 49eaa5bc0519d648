import { domainHash } from '#base';
import { areSignatures, defaultCurve } from '#crypto';

/** A signature of `publicKey` over domainHash(purpose, message). */
export interface SignedMessage {
  readonly purpose: string;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Whether every one of these signatures is good. What malformed keys or signatures say is simply false. */
export type VerifySignatures = (signed: readonly SignedMessage[]) => boolean;

/** Ed25519 by ZIP-215's rules, all in one equation: a hundred for the price of thirty. */
export const verifyAll: VerifySignatures = (signed) =>
  areSignatures(
    defaultCurve(),
    signed.map(({ purpose, message, signature, publicKey }) => ({
      message: domainHash(purpose, message),
      signature,
      publicKey,
    })),
  );

import { verifySignature } from '#crypto';

/** A signature of `publicKey` over domainHash(purpose, message). */
export interface SignedMessage {
  readonly purpose: string;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Whether every one of these signatures is good. What malformed keys or signatures say is simply false. */
export type VerifySignatures = (signed: readonly SignedMessage[]) => boolean;

/** Ed25519, one after the other. */
export const verifyEach: VerifySignatures = (signed) =>
  signed.every((one) => verifySignature(one.purpose, one.message, one.signature, one.publicKey));

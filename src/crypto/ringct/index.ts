export {
  type Account,
  type Address,
  accountFromSpendSecret,
  addressAt,
  isValidAddress,
  PRIMARY,
  type SubaddressIndex,
  viewOnlyAccount,
} from './account.ts';
export {
  type ClsagSignature,
  type ClsagStatement,
  type ClsagWitness,
  type RingMember,
  signClsag,
  verifyClsag,
} from './clsag.ts';
export { commit, commitmentsBalance, commitPublic } from './commitment.ts';
export {
  type DerivationRules,
  deriveOutput,
  keyImageOf,
  MONERO_RULES,
  oneTimeSecret,
  openAmount,
  type Recognised,
  recogniseOutput,
  type SpendKeyTable,
  sharedSecret,
  sharedSecrets,
  transactionKey,
} from './output.ts';
export {
  type PaymentClaim,
  provePaymentReceived,
  provePaymentSent,
  sharedSecretOf,
  verifyPaymentReceived,
  verifyPaymentSent,
} from './payment-proof.ts';
export { fromWire, fromWireAll, isPrimeOrderPoint, toWire } from './points.ts';
export { proveRange, rangeSteps } from './range-prove.ts';
export { type RangeClaim, type RangeProof, roundsFor } from './range-transcript.ts';
export { verifyRanges } from './range-verify.ts';

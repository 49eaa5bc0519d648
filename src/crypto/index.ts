export { AEAD_KEY_BYTES, AEAD_NONCE_BYTES, AEAD_TAG_BYTES, aeadOpen, aeadSeal } from './aead.ts';
export {
  type Curve,
  type FixedPoints,
  fromLittleEndian,
  GROUP_ORDER,
  littleEndian,
  POINT_BYTES,
  type Point,
  SCALAR_BYTES,
  type Scalar,
  type ScalarField,
  scalarOf,
} from './curve.ts';
export { defaultCurve } from './default-curve.ts';
export { areSignatures, isSignature, type SignedBytes } from './ed25519.ts';
export { openSigned, sealSigned } from './envelope.ts';
export { type Aggregate, aggregateSignatures, isAggregate } from './half-aggregate.ts';
export { kernelCurve } from './kernel/curve.ts';
export { loadCurveKernel } from './kernel/load.ts';
export {
  PUBLIC_KEY_BYTES,
  SEED_BYTES,
  SIGNATURE_BYTES,
  SigningKey,
  verifyAggregate,
  verifySignature,
} from './keys.ts';
export { type RandomBytes, randomScalar, systemRandom } from './random.ts';
export {
  type Account,
  type Address,
  accountFromSpendSecret,
  addressAt,
  type ClsagSignature,
  type ClsagStatement,
  type ClsagWitness,
  commit,
  commitmentsBalance,
  commitPublic,
  type DerivationRules,
  deriveOutput,
  fromWire,
  fromWireAll,
  isPrimeOrderPoint,
  isValidAddress,
  keyImageOf,
  MONERO_RULES,
  oneTimeSecret,
  openAmount,
  type PaymentClaim,
  PRIMARY,
  provePaymentReceived,
  provePaymentSent,
  proveRange,
  type RangeClaim,
  type RangeProof,
  type Recognised,
  type RingMember,
  rangeSteps,
  recogniseOutput,
  roundsFor,
  type SpendKeyTable,
  type SubaddressIndex,
  sharedSecret,
  sharedSecretOf,
  sharedSecrets,
  signClsag,
  toWire,
  transactionKey,
  verifyClsag,
  verifyPaymentReceived,
  verifyPaymentSent,
  verifyRanges,
  viewOnlyAccount,
} from './ringct/index.ts';
export { openWithPassword, PasswordCheck, type PasswordCost, sealWithPassword } from './sealed-box.ts';
export { proveVrf, VRF_PROOF_BYTES, verifyVrf } from './vrf/ecvrf.ts';

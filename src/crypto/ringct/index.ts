export * from './account.ts';
export * from './clsag.ts';
export * from './commitment.ts';
export * from './output.ts';
export * from './payment-proof.ts';
export { fromWire, fromWireAll, isPrimeOrderPoint, toWire } from './points.ts';
export * from './range-prove.ts';
export { MAX_OUTPUTS, type RangeClaim, type RangeProof, roundsFor } from './range-transcript.ts';
export * from './range-verify.ts';

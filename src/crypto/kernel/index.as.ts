// @ts-nocheck AssemblyScript, compiled by compile.ts.
// Exports for the host. Arguments are addresses: points are 160 bytes, scalars and encodings 32 bytes.
export { keccak256, pointsFromHashes } from './hash.as';
export { heap, reserve } from './memory.as';
export { fixedTableSize, fixPoints, multiScalar } from './multiply.as';
export {
  addPoints, decode, encodeAll, equalPoints, isIdentity, multiplyByCofactor, subtractPoints,
} from './point.as';
export { addScalars, innerProduct, invertScalars, multiplyScalars, powersOf, scalarReduce, subtractScalars } from './scalar.as';
export { multiplyBaseSecret, multiScalarSecret, prepareCombs } from './secret.as';

// @ts-nocheck AssemblyScript, compiled by compile.ts.
// What the host calls. Arguments are addresses: points of 160 bytes, scalars and encodings of 32.
import { prepareBase } from './multiply.as';
import { prepareCombs } from './secret.as';

export { keccak256, pointsFromHashes } from './hash.as';
export { heap, reserve } from './memory.as';
export { multiScalar } from './multiply.as';
export {
  addPoints, decode, encodeAll, equalPoints, isIdentity, multiplyByCofactor, subtractPoints,
} from './point.as';
export { addScalars, innerProduct, invertScalars, multiplyScalars, powersOf, scalarReduce, subtractScalars } from './scalar.as';
export { multiplyBaseSecret, multiScalarSecret } from './secret.as';

/** Fills the tables of the base point: once per instance, before anything else. */
export function prepare(): void {
  prepareBase();
  prepareCombs();
}

export { arrangeBlocks, tensorOf } from './arrange.ts';
export type { Family, TensorPlace } from './family.ts';
export { familyNamed, familyOf } from './registry.ts';
export { type BlockRole, type BoundaryRole, shapeOf } from './roles.ts';

export { arrangeBlocks, tensorOf } from './arrange.ts';
export { familyNamed, familyOf } from './registry.ts';
export { type BlockRole, type BoundaryRole, shapeOf } from './roles.ts';

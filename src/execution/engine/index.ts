export { Boundary, type BoundaryOptions } from './boundary.ts';
export type { EngineOptions, ReadTensor, Row } from './options.ts';
export type { StageOptions } from './plan.ts';
export { selfCheck } from './self-check.ts';
export { type BlockRange, Stage } from './stage.ts';

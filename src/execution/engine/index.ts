export { Boundary, type BoundaryOptions } from './boundary.ts';
export type { EngineOptions, ReadTensor, Row } from './options.ts';
export { selfCheck } from './self-check.ts';
export { type BlockRange, Stage, type StageOptions } from './stage.ts';

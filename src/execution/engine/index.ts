export { Boundary } from './boundary.ts';
export type { EngineOptions, Row } from './options.ts';
export { selfCheck } from './self-check.ts';
export { Stage } from './stage.ts';

export { Boundary } from './boundary.ts';
export type { EngineOptions, Row } from './options.ts';
export { selfCheck } from './self-check.ts';
export { measureSpeed, type Speed } from './speed.ts';
export { Stage } from './stage.ts';

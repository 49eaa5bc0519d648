export { FUTURE_ROUNDS, PAST_ROUNDS } from './bounds.ts';
export { settingOf } from './driver-state.ts';
export { type EngineState, newHeight } from './engine-state.ts';
export { inputCodec } from './input-codec.ts';
export { type Effect, type Input, type Verdict, votesInInput } from './messages.ts';
export { outstanding } from './outstanding.ts';
export { step } from './step.ts';
export { DEFAULT_SYNCHRONY, isTimely } from './timeliness.ts';
export { durationOf } from './timeouts.ts';

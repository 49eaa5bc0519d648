export { type ChosenToken, chosenToken } from './logprobs.ts';
export { RepetitionDetector } from './repetition.ts';
export { createSampler, type SamplingOptions } from './sampler.ts';
export { StopStrings } from './stop-strings.ts';

export { type ChosenToken, chosenToken, type TokenLogprob } from './logprobs.ts';
export { RepetitionDetector } from './repetition.ts';
export { createSampler, type Sampler, type SamplingOptions } from './sampler.ts';
export { StopStrings } from './stop-strings.ts';

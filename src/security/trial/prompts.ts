/** Prompts of every trial: several scripts, code, numbers and repetition. */
export const PROMPTS: readonly string[] = [
  'What is the capital of France?',
  'function add(a, b) { return',
  '请用一句话介绍你自己。',
  '1, 1, 2, 3, 5, 8, 13,',
  'a a a a a a a a',
];

/** Maximum positions run per prompt. */
export const MAX_POSITIONS = 48;

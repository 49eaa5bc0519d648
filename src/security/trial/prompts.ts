/** What every model is asked on trial: different scripts, code, numbers, nothing and repetition. */
export const PROMPTS: readonly string[] = [
  'What is the capital of France?',
  'function add(a, b) { return',
  '请用一句话介绍你自己。',
  '1, 1, 2, 3, 5, 8, 13,',
  'a a a a a a a a',
];

/** Positions of a prompt that are run, at most. */
export const MAX_POSITIONS = 48;

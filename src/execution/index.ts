export * from './sampling/index.ts';
export * from './session/index.ts';
export * from './tokenizer/index.ts';

export * from './architecture.ts';
export * from './gguf.ts';
export * from './gguf-architecture.ts';
export * from './tensor.ts';
